import { clamp } from "../clamp.js";
import { el, latentName, spell } from "../dom.js";

/** Slider steps: σ from 0.01 to 2 on a logarithmic scale. */
const [LEAST_STD, MOST_STD, STEPS] = [0.01, 2, 200];

/**
 * How wide q is along either latent, to be dragged.
 *
 * @param {(axis: number, std: number) => void} onInput
 */
export function createWidths(onInput) {
  const widths = [0, 1].map((axis) => {
    const value = el("output", { class: "number" });
    const input = el("input", {
      type: "range",
      min: 0,
      max: STEPS,
      step: 1,
      "aria-label": `σ of ${latentName(axis)}`,
      on: { input: () => onInput(axis, stdAt(input.valueAsNumber)) },
    });
    return { element: el("label", { class: "q-width" }, `σ of ${latentName(axis)}`, input, value), input, value };
  });

  return {
    elements: widths.map(({ element }) => element),
    /** @param {number[]} std by latent */
    show(std) {
      widths.forEach(({ input, value }, axis) => {
        input.valueAsNumber = stepOf(std[axis]);
        value.textContent = spell(std[axis], 3);
      });
    },
  };
}

/** @param {number} step */
const stdAt = (step) => LEAST_STD * (MOST_STD / LEAST_STD) ** (step / STEPS);

/** @param {number} std */
const stepOf = (std) =>
  clamp(Math.round((STEPS * Math.log(std / LEAST_STD)) / Math.log(MOST_STD / LEAST_STD)), 0, STEPS);
