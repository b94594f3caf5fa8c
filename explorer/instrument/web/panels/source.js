import { createSource } from "../image/source.js";

/** @type {import("../stage.js").Panel} */
export default {
  name: "source",
  compare: "each",
  place: "below",
  fits: ({ card, decoder, encoder, shape }) => (decoder && shape && (encoder || card.examples) ? true : ""),
  create: createSource,
};
