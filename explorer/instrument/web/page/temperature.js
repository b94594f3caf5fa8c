import { el } from "../dom.js";
import { TEMPERATURES } from "../link.js";

/**
 * The slider of the temperature.
 *
 * @param {string} label of what it is the temperature
 * @param {ReturnType<typeof import("../stage/commands.js").createCommands>} commands
 */
export function createTemperature(label, commands) {
  const slider = el("input", {
    class: "temperature",
    type: "range",
    min: TEMPERATURES.least,
    max: TEMPERATURES.most,
    step: 0.1,
    "aria-label": label,
    on: { input: () => commands.setTemperature(slider.valueAsNumber), change: () => commands.settle() },
  });
  return slider;
}
