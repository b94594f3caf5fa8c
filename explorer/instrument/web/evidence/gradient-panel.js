import { el, latentName, spell } from "../dom.js";
import { tellProbes } from "../lesson/probes.js";
import { marked } from "../spoken.js";
import { estimates, momentsOf } from "./gradients.js";
import { createMeasurer } from "./measurer.js";

const SORRY = "The gradients could not be measured: reload the page to try again.";
/** Draws that one press measures; the bars of a histogram. */
const [DRAWS, BINS] = [256, 41];

/**
 * Two ways to the slope of E_q[ln p(x|z)] in μ, measured on the image and the model at hand: how far single estimates are
 * spread, with and without a baseline.
 *
 * @typedef {import("./gradients.js").Estimates} Found
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
export function createGradients(stage) {
  const { model, gone } = stage;
  const measurer = createMeasurer(stage, SORRY);
  /** @type {import("../store.js").Source | null} */
  let source = null;
  /** @type {Found | null} */
  let found = null;
  let presses = 0;

  const measure = el("button", {
    class: "action",
    type: "button",
    text: `Measure ${DRAWS} draws`,
    on: { click: () => void press() },
  });
  const baseline = el("input", { type: "checkbox", on: { change: show } });
  const each = el(
    "select",
    { "aria-label": "Draws for one estimate", on: { change: show } },
    ...[1, 4, 16].map((count) => el("option", { value: count, text: String(count) })),
  );
  const latent = el(
    "select",
    { "aria-label": "Latent", on: { change: show } },
    ...model.latents.map(({ index }) => el("option", { value: index, text: latentName(index) })),
  );
  const said = el("p", { class: "hint", role: "status" });
  const rows = [createRow("Score function"), createRow("Reparameterised")];
  const ratio = el("p", { class: "gradient-ratio" });
  const element = el(
    "section",
    { class: "gradients", "aria-label": "Variance of gradients" },
    el("h3", { text: "Two ways to a gradient" }),
    el("p", {
      text:
        "How does the fit to this image change if μ of q moves a little? Each mark is one estimate, based on draws from q. Both ways are " +
        "right on average; look at how far they are spread.",
    }),
    el(
      "div",
      { class: "gradient-choices" },
      measure,
      el("label", {}, "Latent ", latent),
      el("label", {}, "Draws per estimate ", each),
      el("label", {}, baseline, " Baseline"),
    ),
    ...rows.map(({ element }) => element),
    ratio,
    said,
    el("p", {
      class: "hint",
      text:
        "d/dμ E_q[ln p(x|z)] of the encoder's q. Score function: ln p(x|z) · (z − μ)/σ²; the baseline takes the other draws' mean " +
        "of ln p(x|z) away. Reparameterised: the decoder's own slope at z = μ + σε, here by central differences σ/50 " +
        "apart, because the exported decoder has no backward pass.",
    }),
  );

  async function press() {
    const { pixels, mean, logVariance } = source ?? {};
    if (!pixels || !mean || !logVariance) {
      said.textContent = "Choose an image first.";
      return;
    }
    const of = source;
    measure.disabled = true;
    said.textContent = "Measuring …";
    try {
      const std = Array.from(logVariance, (value) => Math.exp(value / 2));
      const q = { mean: Array.from(mean), std };
      const more = await measurer.ask({ kind: "gradients", x: pixels, q, draws: DRAWS, seed: ++presses });
      if (gone.aborted || of !== source) return;
      found = found ? joined(found, more) : more;
      show();
    } catch (error) {
      console.error(error);
      said.textContent = SORRY;
    } finally {
      measure.disabled = false;
    }
  }

  function show() {
    if (!found) return;
    const both = estimates(found, Number(latent.value), Number(each.value), baseline.checked);
    const kinds = [both.inside, both.outside];
    const most = kinds.flat().reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const moments = kinds.map(momentsOf);
    kinds.forEach((values, at) => {
      rows[at].show(values, most, moments[at]);
    });
    const times = moments[0].variance / moments[1].variance;
    ratio.textContent = `The score function's variance is ${short(times)} times the other's.`;
    tellProbes(element, { gradient_ratio: times });
    said.textContent = `${spell(found.rewards.length, 0)} draws measured on this model. Press again for more.`;
  }

  return {
    element,
    setSource(next) {
      source = next;
      found = null;
      for (const row of rows) row.clear();
      ratio.textContent = "";
      said.textContent = "";
    },
    destroy: measurer.destroy,
  };
}

/** @param {Found} a @param {Found} b @returns {Found} */
function joined(a, b) {
  const of = (/** @type {Float64Array} */ one, /** @type {Float64Array} */ other) =>
    Float64Array.from([...one, ...other]);
  return {
    slopes: of(a.slopes, b.slopes),
    scores: of(a.scores, b.scores),
    rewards: of(a.rewards, b.rewards),
  };
}

/** @param {string} name a histogram of estimates, and their mean and variance in words */
function createRow(name) {
  const bars = el("span", { class: "gradient-bars", role: "img", "aria-label": name });
  const words = el("span", { class: "number" });
  return {
    element: el("div", { class: "gradient-row" }, el("span", { text: name }), bars, words),
    clear() {
      bars.replaceChildren();
      words.textContent = "";
    },
    /** @param {number[]} values @param {number} most of both rows @param {{mean: number, variance: number}} moments */
    show(values, most, { mean, variance }) {
      const counts = new Array(BINS).fill(0);
      for (const value of values) counts[Math.min(BINS - 1, Math.floor(((value / most + 1) / 2) * BINS))]++;
      const top = Math.max(...counts);
      bars.replaceChildren(...counts.map((count) => el("i", { style: `height: ${(100 * count) / top}%` })));
      words.textContent = `${short(mean)} ± ${short(Math.sqrt(variance / values.length))}, variance ${short(variance)}`;
      bars.setAttribute("aria-label", `${name}: ${words.textContent}, of ${values.length} estimates`);
    },
  };
}

/** @param {number} value @returns {string} to three digits */
const short = (value) => marked(value.toLocaleString("en", { maximumSignificantDigits: 3 }).replace("-", "−"));
