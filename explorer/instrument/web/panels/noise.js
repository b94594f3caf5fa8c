import { createNoise } from "../noise/noise.js";

/** @param {import("../checkpoint/contract.js").Card} card @returns {boolean} whether it was measured at taking noise away */
export const takesNoise = ({ metrics }) => metrics.some(({ name }) => name.startsWith("denoised_"));

/** @type {import("../stage.js").Panel} */
export default {
  name: "noise",
  compare: "above",
  place: "source",
  fits: ({ card, encoder, shape }) => (encoder && shape && takesNoise(card) ? true : ""),
  create: createNoise,
};
