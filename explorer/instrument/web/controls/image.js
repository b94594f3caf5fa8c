import { el } from "../dom.js";
import { createHiding } from "../image/hiding.js";
import { term } from "../term.js";

/**
 * The image that the model is given a part of. Which image it is, the source says.
 *
 * @type {import("./index.js").CreateWidget}
 */
export function createCondition({ control: described, stage }) {
  const control = /** @type {import("../checkpoint/contract.js").Image} */ (described);
  const { name } = control;
  const { commands, store } = stage;
  const hiding = createHiding(control.shape, {
    label: "The image that is completed",
    put: (seen, time) => commands.put(name, { ...store.get().codes[name], seen }, time),
    settle: () => commands.settle(),
  });
  return {
    element: el(
      "section",
      { class: "control condition", "aria-label": "What the model sees" },
      el(
        "h2",
        {},
        "What the model sees ",
        term(
          "given, not generated",
          "The decoder is given z and the visible part of the image, and makes the hidden part. Many images agree with the " +
            "visible part, and z selects one of them. p(hidden | z, visible), with z ~ N(0, I).",
        ),
      ),
      hiding.element,
    ),
    show(state, before) {
      const value = state.codes[name];
      if (value !== before?.codes[name]) hiding.show(value.pixels, value.seen);
    },
  };
}
