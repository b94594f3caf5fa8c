import { createTraversals } from "../latents/traversals.js";

/** @type {import("../stage.js").Panel} */
export default {
  name: "traversals",
  place: "tabs",
  title: "Traversals",
  fits: ({ continuous, decoder, shape }) => (continuous && decoder && shape ? true : ""),
  create: createTraversals,
};
