import { createDraws } from "../image/draws.js";
import { present } from "../present.js";

/**
 * One part of an image, several whole ones: what the model makes of it with several z of the prior.
 *
 * @type {import("../stage.js").Panel}
 */
export default {
  name: "completions",
  compare: "each",
  place: "below",
  fits: ({ condition, continuous, decoder }) =>
    condition && continuous?.prior === "standard_normal" && decoder ? true : "",
  create: (stage) =>
    createDraws(stage, {
      title: "Completions",
      short: "one part, several wholes",
      explanation:
        "All images have the same visible part, and each has another z, drawn from N(0, I). Where they agree, the visible " +
        "part decides; where they differ, z does. Press one to move the sliders to its z.",
      what: "Completion",
      parts: present(stage.model.continuous).parts,
    }),
};
