import { createStart } from "../image/start.js";

/** @type {import("../stage.js").Panel} */
export default {
  name: "start",
  compare: "once",
  place: "source",
  fits({ card, encoder, shape }) {
    if (!shape) return "";
    if (encoder || card.examples) return true;
    return "This model has no encoder, so you cannot start from an image.";
  },
  create: createStart,
};
