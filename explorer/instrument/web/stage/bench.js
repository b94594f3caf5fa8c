import { el } from "../dom.js";
import { notShown } from "../panels/lay-out.js";

/**
 * The columns of one model's page, from left to right as it computes.
 *
 * @param {import("../model/model.js").Model} model
 * @param {{at(place: import("../stage.js").Place): HTMLElement[], missing?: string[], tabs?: HTMLElement | null}} content
 *   `at`: what stands in a place; `missing`: why some panels are not here
 * @returns {{element: HTMLElement, sticky: HTMLElement[]}} `sticky`: the columns that stay in sight
 */
export function createBench(model, { at, missing = [], tabs = null }) {
  const columnOf = (/** @type {string} */ name, /** @type {(HTMLElement | null)[]} */ ...content) =>
    el("div", { class: name, hidden: !content.some(Boolean) }, ...content);
  const sticky = [
    el(
      "section",
      { class: "hero", "aria-label": model.card.output.kind === "pixels" ? "Decoded image" : "Decoded text" },
      el("div", { class: "stage" }, ...at("picture")),
      ...at("below"),
    ),
    columnOf("side", ...at("chart"), ...at("side"), notShown("What this model cannot show", missing)),
  ];
  // A row must keep its images under the track and the cells: one that is too high is pressed together, not narrowed.
  const ratio = model.shape ? model.shape[2] / model.shape[1] : 1;
  const element = el(
    "div",
    { class: "bench", style: `--ratio: ${ratio}; --fit: ${ratio > 1 ? "contain" : "fill"}` },
    columnOf("source-side", ...at("source")),
    columnOf("controls", ...at("controls")),
    ...sticky,
    tabs,
  );
  return { element, sticky };
}
