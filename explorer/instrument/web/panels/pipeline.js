import { createPipeline } from "../pipeline/pipeline.js";

/** @type {import("../stage.js").Panel} */
export default {
  name: "pipeline",
  place: "source",
  fits: ({ continuous, encoder, card }) =>
    !continuous ? "" : encoder || card.examples ? true : "This model has no encoder, so no image has a μ and σ.",
  create: createPipeline,
};
