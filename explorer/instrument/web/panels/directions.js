import { createDirections } from "../latents/directions.js";

/** @type {import("../stage.js").Panel} */
export default {
  name: "directions",
  place: "controls",
  fits: ({ continuous, decoder, shape }) => (continuous && decoder && shape ? true : ""),
  create: createDirections,
};
