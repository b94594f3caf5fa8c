import { createDirections } from "../latents/directions.js";

/** @type {import("../stage.js").Panel} */
export default {
  name: "directions",
  place: "tabs",
  title: "Directions",
  about: ({ directions }) => (directions.length ? directions : null),
  fits: ({ continuous, decoder, shape }) => (continuous && decoder && shape ? true : ""),
  create: createDirections,
};
