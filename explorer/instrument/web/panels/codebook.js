import { el, spell } from "../dom.js";
import { present } from "../present.js";
import { provenance, term } from "../term.js";

/** What is said of a codebook, by the names that cards give it. @type {Record<string, string>} */
const SAYS = {
  perplexity: "How varied the codes are: as varied as this many codes, all used equally often.",
  dead_codes: "Codes that no cell of any image holds: they take up room and say nothing.",
  code_nats: "What the codes of an image cost under the prior that was learned over them.",
};

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
        `${height * width} cells · log₂ ${codes} = ${spell(bits, 1)} bits, whatever the image. So the KL is constant, ` +
          `${height * width} · ln ${codes} = ${spell(height * width * Math.log(codes), 1)} nats, if all codes are taken to ` +
          "be equally likely.",
      ),
      ".",
    ),
    dead ? usage(dead, codes) : null,
    el(
      "dl",
      { class: "codebook-facts" },
      ...Object.keys(SAYS).flatMap((name) => {
        const metric = measured.get(name);
        if (!metric) return [];
        const value = Number.isInteger(metric.value) ? String(metric.value) : spell(metric.value, 1);
        return [
          el(
            "div",
            {},
            el("dt", {}, term(metric.label, `${SAYS[name]} ${provenance(metric)}`)),
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
  fits: ({ card }) => (gridOf(card) && card.metrics.some(({ name }) => name in SAYS) ? true : ""),
  create,
};
