const KEY = "instrument:dropped";
const MOST = 20;

/** @typedef {import("../checkpoint/checkpoint.js").Entry} Entry */

/** @returns {string[]} the ids of what this browser dropped, or was sent a link to; none where it keeps nothing */
function remembered() {
  try {
    const ids = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

/** @param {string[]} ids */
function remember(ids) {
  try {
    localStorage.setItem(KEY, JSON.stringify([...new Set(ids)].slice(-MOST)));
  } catch {
    // Without a store they are there until the page is closed, and by their links.
  }
}

/**
 * The checkpoints that were dropped here: in no catalogue, found by their ids for as long as the server keeps them.
 *
 * @param {string} url where zips are sent, and where their entries are asked for
 */
export function createDropped(url) {
  /** @type {Entry[]} */
  let entries = [];

  /** @param {Entry} entry */
  function add(entry) {
    entries = [...entries.filter(({ id }) => id !== entry.id), entry];
    remember([...remembered(), entry.id]);
  }

  /** @param {string} id @returns {Promise<Entry | undefined>} */
  async function find(id) {
    // Every id that the server gives has one.
    if (!id.includes("~")) return undefined;
    try {
      const answer = await fetch(`${url}/${encodeURIComponent(id)}`);
      if (answer.status === 404) remember(remembered().filter((other) => other !== id));
      if (!answer.ok) return undefined;
      const entry = await answer.json();
      add(entry);
      return entry;
    } catch {
      return undefined;
    }
  }

  return {
    entries: () => entries,
    add,
    find,
    /** Finds those again that were dropped before the page was loaded. */
    recall: () => Promise.all(remembered().map((id) => entries.some((entry) => entry.id === id) || find(id))),
  };
}
