import { startEngine } from "./engine/session.js";
import { openModel } from "./model/model.js";
import { openingOf } from "./opening.js";

/**
 * @typedef {import("./checkpoint/checkpoint.js").Entry} Entry
 * @typedef {import("./model/model.js").Model} Model
 */

/** @type {{url: string | undefined, query: string, model: Promise<Model>, opening: Promise<string>, stop: AbortController} | null} */
let early = null;

/**
 * Opens the model of the page's link while the page around it still starts, and waits for the server.
 *
 * @param {string} assets absolute URL of this folder, with trailing slash
 * @param {Entry | null} entry the model, if there is one
 */
export function openEarly(assets, entry) {
  const engine = startEngine(assets);
  engine.catch(() => {});
  // What was dropped is tried in a worker before it may run here.
  if (!entry || entry.dropped) return;
  const stop = new AbortController();
  const query = location.search.replace(/^\?/, "");
  const model = openModel(entry, { engine, signal: stop.signal });
  model.catch(() => {});
  early = { url: entry.url, query, model, opening: openingOf(entry, query, stop.signal), stop };
}

/**
 * Opens a model, or takes the one that was opened early: once, for the model is its taker's to release.
 *
 * @param {Entry} entry
 * @param {string} query what the link says
 * @param {Parameters<typeof openModel>[1]} options
 * @returns {Promise<[Model, string]>} the model, and what `openingOf` gives
 */
export async function openLinked(entry, query, options) {
  const { signal } = options;
  const mine = early;
  if (mine && mine.url === entry.url) {
    early = null;
    signal.addEventListener("abort", () => mine.stop.abort());
    try {
      const [model, opening] = await Promise.all([
        mine.model,
        mine.query === query ? mine.opening : openingOf(entry, query, signal),
      ]);
      return [model, opening];
    } catch {
      // What went wrong then may be right by now; if not, it is said now.
    }
  } else {
    forgetEarly();
  }
  return Promise.all([openModel(entry, options), openingOf(entry, query, signal)]);
}

/** Lets go of the model that was opened early, where others are opened instead. */
export function forgetEarly() {
  early?.stop.abort();
  early?.model.then(
    (model) => model.release(),
    () => {},
  );
  early = null;
}
