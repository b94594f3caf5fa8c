import { clamp } from "../clamp.js";
import { el, spell, write } from "../dom.js";

/** Noise that fills its bar. */
const MOST_NOISE = 3;

/** More rows than these would push what stands below them off the screen; z alone only repeats what the sliders say. */
const MOST_ROWS = 10;
const MOST_ROWS_OF_CODES = 7;

/**
 * μ, σ, ε and z of each latent, as a bar with its number.
 *
 * @param {import("../model/latents.js").Latent[]} latents in their order
 * @param {boolean} hasNoise whether there are μ, σ and ε
 */
export function createColumns(latents, hasNoise) {
  const columns = hasNoise
    ? [
        { sign: "μ", part: "encoder spread", title: "Middle of the range" },
        { sign: "σ", part: "encoder spread", title: "Half-width of the range; 1 is the prior's" },
        { sign: "ε", part: "noise", title: "Noise" },
        { sign: "z", part: "code", title: "Code" },
      ]
    : [{ sign: "z", part: "code", title: "Code" }];
  const most = hasNoise ? MOST_ROWS : MOST_ROWS_OF_CODES;
  // What says how many there are beside them takes a row.
  const shown = latents.slice(0, latents.length > most ? most - 1 : most);
  /** A bar is full where the latent's slider ends. @param {string} sign @param {number[]} steps */
  const fullAt = (sign, steps) =>
    sign === "σ" ? 1 : sign === "ε" ? MOST_NOISE : Math.max(Math.abs(steps[0]), Math.abs(steps[steps.length - 1]));
  const rows = shown.map(({ index, name, steps }) => ({
    index,
    name,
    cells: columns.map(({ part, sign }) => createCell(part, sign === "σ", fullAt(sign, steps))),
  }));
  const rest = latents.length - shown.length;
  const element = el(
    "div",
    { class: "pipeline-table" },
    el(
      "table",
      { class: "pipeline-columns" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("th", { scope: "col" }, el("span", { class: "unseen", text: "Latent" })),
          ...columns.map(({ sign, part, title }) => el("th", { scope: "col", "data-part": part, title, text: sign })),
        ),
      ),
      el(
        "tbody",
        {},
        ...rows.map(({ index, name, cells }) =>
          el(
            "tr",
            { "data-latent": index },
            el("th", { scope: "row", text: name }),
            ...cells.map(({ element }) => element),
          ),
        ),
      ),
    ),
    rest ? el("p", { class: "hint", text: `and ${rest} more` }) : null,
  );

  return {
    element,
    /** @param {(ArrayLike<number> | null)[]} values one array a column; nothing where there is no such value */
    show(values) {
      for (const { index, cells } of rows)
        cells.forEach((cell, at) => {
          cell.show(values[at]?.[index] ?? null);
        });
    },
  };
}

/** @param {string} part @param {boolean} fromLeft for what is never negative @param {number} full */
function createCell(part, fromLeft, full) {
  const bar = el("i");
  const number = el("span");
  const element = el("td", { "data-part": part, class: fromLeft && "from-left" }, number, bar);
  let written = "";
  return {
    element,
    /** Writes only what has changed: this runs while z moves. @param {number | null} value */
    show(value) {
      const text = value === null ? "" : spell(value);
      if (text === written) return;
      written = text;
      write(number, text);
      const share = value === null ? 0 : clamp(value / full, -1, 1);
      bar.style.transform = `scaleX(${share.toFixed(3)})`;
    },
  };
}
