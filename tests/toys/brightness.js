import { el } from "../dom.js";
import { newestWins } from "../engine/scheduler.js";

/**
 * How bright the decoded image is.
 *
 * @type {import("../stage.js").Panel}
 */
export default {
  name: "brightness",
  place: "below",
  fits: ({ shape, decoder }) => (shape && decoder ? true : "This model makes no images, so there is no brightness."),
  create({ model }) {
    const figure = el("output", { class: "number" });
    const queue = newestWins(async (codes) => {
      const values = await model.decode([codes]);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      figure.textContent = mean.toFixed(3);
    }, console.error);
    return {
      element: el("p", { class: "hint brightness" }, "Mean grey level ", figure),
      show: (state) => queue.request(state.codes),
    };
  },
};
