import { el } from "../dom.js";
import { remembered } from "../host/remembered.js";

/**
 * Which way what is trained is written, on every panel alike: as a loss that is minimised, or as the ELBO that is maximised.
 *
 * @typedef {"loss" | "elbo"} Reading
 */

const kept = remembered("reading");
/** @type {Set<(reading: Reading) => void>} */
const listeners = new Set();

/** @returns {Reading} */
export const reading = () => (kept.get() === "elbo" ? "elbo" : "loss");

/** @param {(reading: Reading) => void} listener called at once, and after each change @param {AbortSignal} gone */
export function followReading(listener, gone) {
  listeners.add(listener);
  gone.addEventListener("abort", () => listeners.delete(listener));
  listener(reading());
}

/** @param {AbortSignal} gone @returns {HTMLElement} the switch; all there are show the same */
export function createReadingSwitch(gone) {
  const choices = /** @type {const} */ ([
    ["loss", "Loss", "−ELBO, which training minimises: lower is better"],
    ["elbo", "ELBO", "The lower bound of ln p(x), which training maximises: higher is better"],
  ]);
  const buttons = choices.map(([name, text, title]) =>
    el("button", {
      type: "button",
      text,
      title,
      on: {
        click() {
          kept.set(name);
          for (const listener of listeners) listener(name);
        },
      },
    }),
  );
  followReading((now) => {
    buttons.forEach((button, at) => {
      button.setAttribute("aria-pressed", String(choices[at][0] === now));
    });
  }, gone);
  return el("span", { class: "reading", role: "group", "aria-label": "Written as" }, ...buttons);
}
