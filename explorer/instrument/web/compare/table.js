import { el, isolated, spell, withCode } from "../dom.js";
import { term } from "../term.js";
import { measuresOf, warnings } from "./measures.js";

/**
 * The figures of the compared models, side by side. What a figure means, how it was measured and why there is none are a
 * press away.
 *
 * @param {import("../checkpoint/contract.js").Card[]} cards
 * @returns {HTMLElement}
 */
export function createTable(cards) {
  const notes = warnings(cards);
  const rows = measuresOf(cards).map(({ measure, cells, best }) =>
    el(
      "tr",
      {},
      el(
        "th",
        { scope: "row" },
        term(measure.name, measure.meaning),
        measure.unit ? el("span", { class: "figure-unit", text: ` ${measure.unit}` }) : null,
        measure.better ? el("span", { class: "figure-unit", text: `, ${measure.better} is better` }) : goal(cells),
      ),
      ...cells.map(({ text, sentence, value }, at) =>
        el("td", { class: value === null ? "no-figure" : at === best ? "best" : null }, term(text, sentence)),
      ),
    ),
  );
  // No lesson shows it: among the figures may be the answer to its question.
  return el(
    "section",
    { class: "compared-figures", "aria-label": "Figures", "data-panel": "figures" },
    el("h2", { text: "In figures" }),
    el("p", {
      class: "hint",
      text: "Measured on the test split. Press a figure to see how, or a name to see what it means.",
    }),
    ...notes.map((note) => el("p", { class: "hint", role: "note" }, ...withCode(note))),
    el(
      "table",
      {},
      el(
        "thead",
        {},
        el("tr", {}, el("td", {}), ...cards.map(({ title }) => el("th", { scope: "col", text: isolated(title) }))),
      ),
      el("tbody", {}, ...rows),
    ),
  );
}

/** @param {import("./measures.js").Cell[]} cells @returns {HTMLElement | null} what to hold a figure against that can be too high and too low */
function goal(cells) {
  const ofData = cells.find((cell) => typeof cell.ofData === "number")?.ofData;
  return typeof ofData === "number"
    ? el("span", { class: "figure-unit", text: `, real images ${spell(ofData, 3)}` })
    : null;
}
