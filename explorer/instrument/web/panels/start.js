import { createStart } from "../image/start.js";

/** @type {import("../stage.js").Panel} */
export default {
  name: "start",
  compare: "once",
  place: "source",
  fits({ card, encoder, shape }) {
    if (!shape) return "";
    if (encoder || card.examples) return true;
    return "No image can be the start: this model has no encoder, so nothing finds the code of an image.";
  },
  create: createStart,
};
