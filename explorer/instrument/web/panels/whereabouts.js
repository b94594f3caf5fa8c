import { createWhereabouts } from "../map/whereabouts.js";

/** @type {import("../stage.js").Panel} */
export default {
  name: "whereabouts",
  place: "chart",
  fits: ({ continuous }) => (continuous ? true : ""),
  create: createWhereabouts,
};
