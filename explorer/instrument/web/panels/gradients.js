import { createGradients } from "../evidence/gradient-panel.js";

/** Slopes by differences take two images a latent and draw. */
const MOST_LATENTS = 12;
const KNOWN = ["bernoulli", "continuous_bernoulli", "gaussian", "gaussian_learned"];

/** @type {import("../stage.js").Panel} */
export default {
  name: "gradients",
  place: "tabs",
  title: "Gradients",
  fits: ({ card, continuous, decoder, hasPosterior, controls }) =>
    decoder &&
    hasPosterior &&
    continuous &&
    continuous.size <= MOST_LATENTS &&
    controls.length === 1 &&
    isKnown(card.output)
      ? true
      : "",
  create: createGradients,
};

/** @param {import("../checkpoint/contract.js").Card["output"]} output */
const isKnown = (output) => output.kind === "pixels" && KNOWN.includes(output.likelihood ?? "");
