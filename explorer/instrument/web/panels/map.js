import { createMap } from "../map/map.js";

/** @type {import("../stage.js").Panel} */
export default {
  name: "map",
  place: "chart",
  fits({ card, continuous }) {
    if (!continuous) return "";
    return card.examples
      ? true
      : "There is no map: this model has no encoder, so images have no place among its codes.";
  },
  create: createMap,
};
