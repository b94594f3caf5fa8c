import { createPath } from "../path/path.js";

/** @type {import("../stage.js").Panel} */
export default {
  name: "path",
  place: "side",
  fits: ({ continuous, decoder, shape }) => (continuous && decoder && shape ? true : ""),
  create: createPath,
};
