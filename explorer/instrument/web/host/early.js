import { startEngine } from "../engine/session.js";
import { openModel } from "../model/model.js";
import { openingOf } from "../stage/opening.js";

/**
 * @typedef {import("../checkpoint/checkpoint.js").Entry} Entry
 * @typedef {import("../model/model.js").Model} Model
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
 * Takes the model that was opened early: once, for it is its taker's to release.
 *
 * @param {Entry} entry
 * @param {AbortSignal} signal
 * @returns {Promise<Model> | null} nothing where another was opened, or none
 */
export function takeModel(entry, signal) {
  const mine = early;
  if (!mine || mine.url !== entry.url) return null;
  early = null;
  signal.addEventListener("abort", () => mine.stop.abort());
  return mine.model;
}

/**
 * @param {Entry} entry
 * @param {string} query what the link says
 * @returns {Promise<string> | null} what `openingOf` gave early; nothing where it was asked for something else
 */
export const takeOpening = (entry, query) =>
  early && early.url === entry.url && early.query === query ? early.opening : null;

/** Lets go of the model that was opened early, where others are opened instead. */
export function forgetEarly() {
  early?.stop.abort();
  early?.model.then(
    (model) => model.release(),
    () => {},
  );
  early = null;
}
