import { createElbo } from "../pipeline/elbo.js";

/** @type {import("../stage.js").Panel} */
export default {
  name: "elbo",
  compare: "each",
  place: "below",
  fits: ({ card, decoder, encoder, shape }) => (decoder && shape && (encoder || card.examples) ? true : ""),
  create: createElbo,
};
