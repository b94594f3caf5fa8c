import { spell } from "../dom.js";
import { provenance } from "../term.js";

/**
 * What stands in the table of a comparison: one measure a row, read from the cards. A measure that a model cannot have says
 * so, and why.
 *
 * @typedef {import("../checkpoint/contract.js").Card} Card
 * @typedef {{text: string, sentence: string, value: number | null, ofData?: number | null}} Cell `sentence`: how it was
 *   measured, or why there is none; `ofData`: the figure of the images that the model learned from
 * @typedef {{name: string, unit: string, meaning: string, better: "lower" | "higher" | null,
 *   isOf?(card: Card): boolean, cell(card: Card): Cell}} Measure `better`: which figure is best, where that can be said;
 *   `isOf`: it stands there only beside such a model
 */

const SIDE = 28; // pixels: the images that the shipped classifiers know

/** @param {Card} card */
const makesText = (card) => card.output.kind !== "pixels";
/** @param {Card} card @returns {boolean} that nothing says how probable one of its codes is */
const lacksPrior = ({ controls }) => controls.some((one) => one.kind === "continuous" && one.prior === null);

/** @param {Card} card @returns {boolean} whether its figures are of the part of an image that is hidden from it */
const isTold = ({ controls }) => controls.some((one) => one.kind === "image");

/** @param {string} sentence @returns {Cell} */
const none = (sentence) => ({ text: "none", sentence, value: null });

/** @param {string} what @returns {Cell} */
const notMeasured = (what) => ({
  text: "not measured",
  sentence: `${what} is not on the card of this model: run \`python -m training evaluate\` to measure what it can have.`,
  value: null,
});

/**
 * @param {Card} card
 * @param {string[]} names of the metric, the best first
 * @param {number} decimals
 * @returns {Cell | null}
 */
function measured({ metrics }, names, decimals) {
  const metric = names.map((name) => metrics.find((one) => one.name === name)).find(Boolean);
  if (!metric) return null;
  return {
    text: spell(metric.value, decimals),
    sentence: provenance(metric),
    value: metric.value,
    ofData: metric.perfect,
  };
}

/** @param {Card} card @returns {Cell} */
function bound(card) {
  if (isTold(card))
    return none("This model is given part of the image, so its bound is for the rest alone. The model card has it.");
  const found = measured(card, ["neg_log_likelihood", "neg_elbo"], 1);
  if (found) return found;
  if (card.output.kind === "pixels" && card.output.likelihood === null)
    return none("This decoder gives an image, not a probability of images, so there is no ln p(x) to bound.");
  if (lacksPrior(card)) return none("This model has no prior over its codes, so p(x) is not defined.");
  return notMeasured("A bound on ln p(x)");
}

/** @param {Card} card @returns {Cell} */
function perplexity(card) {
  if (!makesText(card)) return none("This figure is for words, and this model makes images.");
  return measured(card, ["perplexity"], 2) ?? notMeasured("The perplexity");
}

/** @param {Card} card @returns {Cell} */
function rebuilt(card) {
  if (isTold(card)) return none("This model is given part of the image, and that part comes back unchanged.");
  const found = measured(card, ["reconstruction_error"], 2);
  if (found) return found;
  if (makesText(card)) return none("This model writes text, which has no grey levels to compare.");
  if (!card.graphs.encode) return none("This model has no encoder, so no image can be encoded and rebuilt.");
  return notMeasured("The reconstruction error");
}

/**
 * A figure of what the model draws.
 *
 * @param {string} name
 * @param {number} decimals
 * @returns {(card: Card) => Cell}
 */
const drawn = (name, decimals) => (card) => {
  const found = measured(card, [name], decimals);
  if (found) return found;
  const { output } = card;
  if (output.kind !== "pixels") return none("This figure is for images, and this model writes text.");
  if (lacksPrior(card)) return none("This model has no prior over its codes, so no new images can be sampled from it.");
  const isKnown = output.shape[0] === 1 && output.shape[1] === SIDE && output.shape[2] === SIDE;
  if (!isKnown)
    return none(
      `This figure needs a classifier of the images. The explorer has one only for digits and clothing of ${SIDE} × ${SIDE} pixels.`,
    );
  return notMeasured("This figure");
};

/** @param {Card} card @returns {Cell} */
function parameters({ parameters: count, rounding }) {
  const value = count ?? rounding?.weights ?? null;
  if (value === null) return none("The card does not say how many numbers this model has learned.");
  return {
    text: spell(value, 0),
    sentence: "How many numbers training has set: the weights of all networks that were kept.",
    value,
  };
}

/** @param {Card} card @returns {Cell} */
function seconds({ training }) {
  if (!training) return none("The card does not say how this model was trained.");
  const { images, steps, hardware, precision } = training;
  const total = Math.round(training.seconds);
  const text = total < 120 ? `${total} s` : `${spell(Math.round(total / 60), 0)} min`;
  const sentence = `${spell(training.seconds, 0)} seconds for ${spell(steps, 0)} steps, in which ${spell(images, 0)} images were seen: ${hardware}, ${precision}.`;
  return { text, sentence, value: training.seconds };
}

/** @param {Card} card @returns {Cell} */
function size({ graphs, files }) {
  const names = Object.values(graphs).flatMap((graph) => (graph ? [graph.file] : []));
  const bytes = names.map((name) => files[name]?.bytes ?? 0).reduce((sum, one) => sum + one, 0);
  const sentence = `The files that your browser has fetched: ${names.join(", ")}.`;
  return { text: `${spell(bytes / 1e6)} MB`, sentence, value: bytes };
}

/** @type {Measure[]} */
export const MEASURES = [
  {
    name: "Bound on −ln p(x)",
    unit: "nats",
    meaning:
      "How improbable the model finds an image or a word: an upper bound. For a VAE this is −ELBO; a model that writes piece by piece, or letter by letter, gives the exact value.",
    better: "lower",
    cell: bound,
  },
  {
    name: "Perplexity",
    unit: "letters",
    meaning:
      "How hard the next letter is to guess: as hard as one out of this many that are equally likely. For a VAE it is an upper limit, because it is computed from its bound.",
    better: "lower",
    isOf: makesText,
    cell: perplexity,
  },
  {
    name: "Reconstruction error",
    unit: "grey levels²",
    meaning: "How far an image is from its reconstruction: squared differences of grey levels, summed over pixels.",
    better: "lower",
    cell: rebuilt,
  },
  {
    name: "Fréchet distance",
    unit: "units²",
    meaning:
      "How far samples are from real images, all taken together. It is computed as the FID is, but from the features of our small classifier instead of Inception's, so it cannot be compared with published FIDs.",
    better: "lower",
    cell: drawn("frechet_distance", 1),
  },
  {
    name: "Precision",
    unit: "of 1",
    meaning: "The share of samples that look real, by the features of our small classifier.",
    better: "higher",
    cell: drawn("precision", 2),
  },
  {
    name: "Recall",
    unit: "of 1",
    meaning: "The share of real images that the model comes close to drawing, by the features of our small classifier.",
    better: "higher",
    cell: drawn("recall", 2),
  },
  {
    name: "Sharpness",
    unit: "of samples",
    meaning:
      "How strong the edges of samples are: the variance after a Laplace filter. The best value is not the largest, but that of real images.",
    better: null,
    cell: drawn("sharpness", 3),
  },
  {
    name: "Parameters",
    unit: "",
    meaning: "How many numbers training has set.",
    better: null,
    cell: parameters,
  },
  {
    name: "Training",
    unit: "time",
    meaning: "How long training took. Press the figure to see on which machine.",
    better: null,
    cell: seconds,
  },
  {
    name: "Size",
    unit: "",
    meaning: "The size of the files that the browser runs.",
    better: null,
    cell: size,
  },
];

/**
 * @param {Card[]} cards
 * @returns {{measure: Measure, cells: Cell[], best: number | null}[]} `best`: the column whose figure is best, where two or
 *   more compare
 */
export function measuresOf(cards) {
  const shown = MEASURES.filter(({ isOf = () => true }) => cards.some(isOf));
  return shown.map((measure) => {
    const cells = cards.map(measure.cell);
    const values = cells.flatMap(({ value }) => (value === null ? [] : [value]));
    const compares = alike(cards, ofImages) && (measure.cell !== bound || alike(cards.filter(hasBound), ofPixels));
    if (measure.better === null || values.length < 2 || !compares) return { measure, cells, best: null };
    const wanted = measure.better === "lower" ? Math.min(...values) : Math.max(...values);
    return { measure, cells, best: cells.findIndex(({ value }) => value === wanted) };
  });
}

/** @param {Card[]} cards @returns {string[]} which figures do not compare, and why */
export function warnings(cards) {
  if (!alike(cards, ofImages))
    return ["These models learned from different data, so these figures cannot be compared."];
  if (!alike(cards.filter(hasBound), ofPixels))
    return ["The bounds cannot be compared: these models treat grey levels in different ways."];
  return [];
}

/** @param {Card} card */
const ofImages = ({ data, output }) => [data.name, data.sha256, output.kind === "pixels" ? output.shape : null];
/** Of grey levels a density, or a probability: the one can exceed 1, the other cannot. */
const DENSITIES = ["gaussian", "gaussian_learned", "continuous_bernoulli"];
/** @param {Card} card */
const ofPixels = ({ data, output }) => [
  data.pixels,
  output.kind === "pixels" && DENSITIES.includes(output.likelihood ?? ""),
];
/** @param {Card} card */
const hasBound = (card) => bound(card).value !== null;

/** @param {Card[]} cards @param {(card: Card) => unknown} of @returns {boolean} */
const alike = (cards, of) => new Set(cards.map((card) => JSON.stringify(of(card)))).size < 2;
