import { el, spell } from "../dom.js";

/** So many of the likeliest are shown. */
const SHOWN = 8;

/**
 * The likeliest of what could have stood at one place, as bars: the model's own probabilities.
 *
 * @param {Float64Array} logP of each token, the end's first
 * @param {(token: number) => string} nameOf
 * @param {number} chosen the token that stands there
 * @returns {HTMLElement}
 */
export function bars(logP, nameOf, chosen) {
  const order = [...logP.keys()].sort((a, b) => logP[b] - logP[a]);
  const shown = order.slice(0, SHOWN);
  // What was chosen is shown, however unlikely it was.
  if (!shown.includes(chosen)) shown.push(chosen);
  return el(
    "ol",
    { class: "bars" },
    ...shown.map((token) => {
      const percent = 100 * Math.exp(logP[token]);
      return el(
        "li",
        { class: token === chosen ? "bar-line bar-chosen" : "bar-line" },
        el("span", { class: "bar-name", text: nameOf(token) }),
        el("span", { class: "bar-track" }, el("span", { class: "bar-fill", style: `width: ${percent.toFixed(2)}%` })),
        el("span", { class: "bar-value", text: percent < 0.1 ? "under 0.1 %" : `${spell(percent, 1)} %` }),
      );
    }),
  );
}
