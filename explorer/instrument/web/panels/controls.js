import { controlOf } from "../controls/index.js";
import { el } from "../dom.js";
import { present } from "../present.js";

/** Nothing but an encoder moves a word. @param {import("../model/model.js").Model} model @returns {(control: {kind: string}) => boolean} */
const isMoved =
  ({ encoder }) =>
  ({ kind }) =>
    controlOf(kind) !== null && (kind !== "tokens" || encoder !== null);

/**
 * What moves the controls, one after the other.
 *
 * @type {import("../stage.js").Panel}
 */
export default {
  name: "controls",
  compare: "each",
  place: "controls",
  fits: (model) => (model.controls.some(isMoved(model)) ? true : ""),
  create(stage) {
    const { model } = stage;
    // A label or a word is one line and says most; sliders are many.
    const isLong = (/** @type {{kind: string}} */ { kind }) => Number(kind === "continuous");
    const parts = [...model.controls]
      .sort((a, b) => isLong(a) - isLong(b))
      .filter(isMoved(model))
      // Sliders are of all controls of numbers together.
      .filter(({ kind, name }) => kind !== "continuous" || name === model.continuous?.name)
      // Of these there may be many, which push what stands below them out of sight.
      .sort((a, b) => Number(a.kind === "continuous") - Number(b.kind === "continuous"))
      .map((control) => present(controlOf(control.kind))({ model, control, stage }));
    return {
      element: el("div", { class: "control-list" }, ...parts.map(({ element }) => element)),
      show(state, before) {
        for (const part of parts) part.show(state, before);
      },
      setSource(source) {
        for (const part of parts) part.setSource?.(source);
      },
      destroy() {
        for (const part of parts) part.destroy?.();
      },
    };
  },
};
