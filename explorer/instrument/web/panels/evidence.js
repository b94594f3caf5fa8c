import { createEvidence } from "../evidence/evidence.js";

/** @type {import("../stage.js").Panel} */
export default {
  name: "evidence",
  place: "side",
  fits: ({ card, continuous, decoder, hasPosterior, controls }) =>
    decoder && hasPosterior && continuous?.size === 2 && controls.length === 1 && isBernoulli(card.output) ? true : "",
  create: createEvidence,
};

/** @param {import("../checkpoint/contract.js").Card["output"]} output */
const isBernoulli = (output) => output.kind === "pixels" && output.likelihood === "bernoulli";
