import { el } from "./dom.js";

/**
 * The map of the encoded images.
 *
 * @param {import("./bench.js").Bench} bench
 * @returns {import("./bench.js").Part}
 */
export function createMap(bench) {
  return { element: el("section", { class: "map" }) };
}
