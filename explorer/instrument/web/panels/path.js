import { createPath } from "../path/path.js";

/** @type {import("../stage.js").Panel} */
export default {
  name: "path",
  place: "tabs",
  title: "Path",
  about: ({ pins }) => (pins.a || pins.b || pins.c ? pins : null),
  fits: ({ continuous, decoder, shape }) => (continuous && decoder && shape ? true : ""),
  create: createPath,
};
