import { el } from "../dom.js";
import { createDraws } from "../image/draws.js";
import { present } from "../present.js";

/**
 * Of a model whose latents lie in layers: what each of them decides, as draws of it while the others stay.
 *
 * @type {import("../stage.js").Panel}
 */
export default {
  name: "layers",
  compare: "each",
  place: "below",
  fits: ({ continuous, decoder, shape }) =>
    decoder && shape && continuous && continuous.parts.length > 1 && continuous.prior === "standard_normal" ? true : "",
  create(stage) {
    const { parts } = present(stage.model.continuous);
    const rows = parts.map((part, at) => {
      const above = at > 0 ? ` given ${parts[at - 1].name}` : "";
      return createDraws(stage, {
        title: `Draws of ${part.name}${above}`,
        short: at > 0 ? "the lower layer" : "the upper layer",
        explanation:
          `Each image has another ${part.name}, drawn from its prior${above}; everything else is as it is now. Where the ` +
          `images are alike, ${part.name} does not decide. Press one to move the sliders there.`,
        what: `Draw of ${part.name}`,
        parts: [part],
      });
    });
    return {
      element: el("div", { class: "layers" }, ...rows.map(({ element }) => element)),
      show(state, before) {
        for (const row of rows) row.show(state, before);
      },
    };
  },
};
