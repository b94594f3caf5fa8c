import { el } from "./dom.js";

/**
 * The path between two pinned codes, and their arithmetic with a third.
 *
 * @param {import("./bench.js").Bench} bench
 * @returns {import("./bench.js").Part}
 */
export function createPath(bench) {
  return { element: el("section", { class: "path" }) };
}
