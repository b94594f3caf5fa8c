/**
 * How far a person is in each lesson, in this browser alone: nothing of it is sent anywhere.
 *
 * @typedef {{step?: number, done?: boolean, prediction?: number | string, measured?: number | string,
 *   answers?: (number | null)[], reached?: number, recalled?: boolean, at?: string}} Progress
 *
 * `reached`: the figure of its goal, when it was; `recalled`: the questions that stand before the lesson were answered, or skipped.
 */

const KEY = "latent-explorer.lessons";

/** Where this browser keeps things; nowhere, where it refuses even to be asked. */
function kept() {
  try {
    return localStorage;
  } catch {
    return { getItem: () => null, setItem() {}, removeItem() {} };
  }
}

export function createProgress(/** @type {Pick<Storage, "getItem" | "setItem" | "removeItem">} */ storage = kept()) {
  /** @returns {Record<string, Progress>} */
  function read() {
    try {
      const found = JSON.parse(storage.getItem(KEY) ?? "{}");
      return found && typeof found === "object" && !Array.isArray(found) ? found : {};
    } catch {
      return {}; // somebody else wrote there, or the browser keeps nothing
    }
  }

  return {
    /** @param {string} id @returns {Progress} */
    of: (id) => read()[id] ?? {},
    all: read,
    /** @param {string} id of a lesson @param {Progress} change */
    note(id, change) {
      const now = read();
      const before = now[id] ?? {};
      const step = Math.max(before.step ?? 0, change.step ?? 0);
      now[id] = { ...before, ...change, step, at: new Date().toISOString() };
      try {
        storage.setItem(KEY, JSON.stringify(now));
      } catch {
        // A browser that keeps nothing still shows the lesson.
      }
    },
    forget() {
      try {
        storage.removeItem(KEY);
      } catch {
        // Nothing was kept.
      }
    },
  };
}

/** @param {Record<string, Progress>} progress @returns {string} a line a lesson */
export function asCsv(progress) {
  const columns = /** @type {const} */ (["step", "done", "prediction", "measured", "answers", "at"]);
  const cell = (/** @type {unknown} */ value) => {
    const text = Array.isArray(value) ? value.map((one) => one ?? "").join(" ") : String(value ?? "");
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = Object.entries(progress).map(([id, one]) => [id, ...columns.map((name) => one[name])].map(cell).join());
  return `${[["lesson", ...columns].join(), ...lines].join("\n")}\n`;
}
