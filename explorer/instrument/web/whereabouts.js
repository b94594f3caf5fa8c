import { el, spell } from "./dom.js";
import { term } from "./term.js";

/**
 * Where z is, in numbers computed here.
 *
 * @param {import("./bench.js").Bench} bench
 * @returns {import("./bench.js").Part}
 */
export function createWhereabouts({ card }) {
  const latents = card.controls.latents;
  const norm = el("output", { class: "number" });
  const element = el(
    "p",
    { class: "norm" },
    el("span", {}, "‖z‖ ", norm),
    el(
      "span",
      { class: "hint" },
      term(
        "samples from the prior",
        `Their root mean square length is √${latents}: its square is, on average over the prior, the number of latents.`,
      ),
      ` lie near √${latents} = ${spell(Math.sqrt(latents))}`,
    ),
  );
  return {
    element,
    show(state, before) {
      if (state.z !== before?.z) norm.textContent = spell(Math.hypot(...state.z));
    },
  };
}
