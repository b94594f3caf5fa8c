import { createMap } from "../map/map.js";

/** @type {import("../stage.js").Panel} */
export default {
  name: "map",
  place: "chart",
  fits({ card, continuous, shape }) {
    if (!continuous) return "";
    if (!shape) return "The map shows images, and this model makes none.";
    return card.examples
      ? true
      : "There is no map: this model has no encoder, so nothing says where images lie among its codes.";
  },
  create: createMap,
};
