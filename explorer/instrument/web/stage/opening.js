import { ask } from "../shelf/http.js";

/**
 * @param {import("../checkpoint/checkpoint.js").Entry} entry
 * @param {string} query of the link
 * @param {AbortSignal} signal
 * @returns {Promise<string>} the part of a link that leads to the test image which a model opens on; nothing where the link
 *   says where to be, or the model has none
 */
export async function openingOf(entry, query, signal) {
  const given = new URLSearchParams(query);
  if (given.has("z") || given.has("example") || entry.url === undefined) return "";
  try {
    const answer = await ask(new URL("opening.json", new URL(entry.url, document.baseURI)), entry.id, signal);
    return answer.ok ? new URLSearchParams(await answer.json()).toString() : "";
  } catch {
    // The model opens at its origin, and what is fetched next says that the explorer is gone.
    return "";
  }
}

/**
 * @param {import("../checkpoint/checkpoint.js").Entry} entry
 * @param {number} at its place in a comparison, past the first
 * @param {string} query of the link
 * @param {AbortSignal} signal
 * @returns {Promise<string>} the part of a link that leads to a draw of a model without an encoder; nothing for another, which
 *   encodes what the first model opens on
 */
export async function drawOf(entry, at, query, signal) {
  const place = `${at + 1}.`;
  if ([...new URLSearchParams(query).keys()].some((key) => key.startsWith(place))) return "";
  const drawn = new URLSearchParams(await openingOf(entry, "", signal));
  if (drawn.has("example")) return "";
  return new URLSearchParams([...drawn].map(([key, text]) => [place + key, text])).toString();
}
