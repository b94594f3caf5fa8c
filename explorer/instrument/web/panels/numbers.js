import { el } from "../dom.js";
import { createGradients } from "../evidence/gradient-panel.js";
import { createInformation } from "../evidence/information-panel.js";

/** Slopes by differences take two images a latent and draw. */
const MOST_LATENTS = 12;
const KNOWN = ["bernoulli", "continuous_bernoulli", "gaussian", "gaussian_learned"];

/** @type {import("../stage.js").Panel} */
export default {
  name: "numbers",
  place: "tabs",
  title: "Numbers",
  fits: (model) => (splits(model) || slopes(model) ? true : ""),
  create(stage) {
    const parts = [
      splits(stage.model) && createInformation(stage),
      slopes(stage.model) && createGradients(stage),
    ].filter((part) => part !== false);
    return {
      element: el("div", { class: "numbers-tab" }, ...parts.map(({ element }) => element)),
      fill(embedding) {
        for (const part of parts) part.fill?.(embedding);
      },
      setSource(source) {
        for (const part of parts) part.setSource?.(source);
      },
      destroy() {
        for (const part of parts) part.destroy?.();
      },
    };
  },
};

/** @param {import("../model/model.js").Model} model @returns {boolean} whether its KL can be split */
const splits = ({ card, continuous, hasPosterior }) => Boolean(continuous && hasPosterior && card.examples);

/** @param {import("../model/model.js").Model} model @returns {boolean} whether its gradients can be measured */
const slopes = ({ card, continuous, decoder, hasPosterior, controls }) =>
  Boolean(
    decoder &&
      hasPosterior &&
      continuous &&
      continuous.size <= MOST_LATENTS &&
      controls.length === 1 &&
      isKnown(card.output),
  );

/** @param {import("../checkpoint/contract.js").Card["output"]} output */
const isKnown = (output) => output.kind === "pixels" && KNOWN.includes(output.likelihood ?? "");
