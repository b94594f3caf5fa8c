import { el } from "./dom.js";

/**
 * The sliders of named directions, under those of the latents.
 *
 * @param {import("./bench.js").Bench} bench
 * @returns {import("./bench.js").Part}
 */
export function createDirections(bench) {
  return { element: el("section", { class: "directions", hidden: true }) };
}
