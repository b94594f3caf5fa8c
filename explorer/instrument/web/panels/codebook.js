import { el, spell } from "../dom.js";
import { present } from "../present.js";
import { explained, term } from "../term.js";

/** What is said of a codebook, by the names that cards give it. */
const SHOWN = ["perplexity", "dead_codes", "code_nats"];

/**
 * How a codebook is used, as far as the card has measured it.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
function create({ model: { card } }) {
  const { height, width, codes } = present(gridOf(card));
  const measured = new Map(card.metrics.map((metric) => [metric.name, metric]));
  const dead = measured.get("dead_codes");
  const bits = height * width * Math.log2(codes);
  const element = el(
    "section",
    { class: "codebook", "aria-label": "Codebook" },
    el("h2", { text: "Codebook" }),
    el(
      "p",
      { class: "hint" },
      `An image passes through ${height} × ${width} cells of ${codes} codes. That is at most `,
      term(
        `${spell(bits, 0)} bits`,
        "The most that the codes can tell about an image, and no image uses less: so there is no KL to train. " +
          `${height * width} cells · log₂ ${codes} = ${spell(bits, 1)} bits, or ${height * width} · ln ${codes} = ` +
          `${spell(height * width * Math.log(codes), 1)} nats, if all codes are taken to be equally likely.`,
      ),
      ".",
    ),
    dead ? usage(dead, codes) : null,
    el(
      "dl",
      { class: "codebook-facts" },
      ...SHOWN.flatMap((name) => {
        const metric = measured.get(name);
        if (!metric) return [];
        const value = Number.isInteger(metric.value) ? String(metric.value) : spell(metric.value, 1);
        return [
          el(
            "div",
            {},
            el("dt", {}, term(metric.label, explained(metric))),
            el("dd", {
              class: "number",
              text: metric.unit === "codes" ? `${value} of ${codes}` : `${value} ${metric.unit}`,
            }),
          ),
        ];
      }),
    ),
  );
  return { element };
}

/** @param {import("../checkpoint/contract.js").Metric} dead @param {number} codes */
function usage(dead, codes) {
  const used = codes - dead.value;
  return el(
    "div",
    { class: "codebook-usage", role: "img", "aria-label": `${used} of ${codes} codes are used` },
    el("span", { class: "codebook-bar" }, el("span", { style: `width: ${((100 * used) / codes).toFixed(2)}%` })),
    el("span", { class: "number", text: `${used} of ${codes} used` }),
  );
}

/** @param {import("../checkpoint/contract.js").Card} card */
function gridOf({ controls }) {
  for (const control of controls) if (control.kind === "code_grid") return control;
  return null;
}

/** @type {import("../stage.js").Panel} */
export default {
  name: "codebook",
  place: "tabs",
  title: "Codebook",
  fits: ({ card }) => (gridOf(card) && card.metrics.some(({ name }) => SHOWN.includes(name)) ? true : ""),
  create,
};
