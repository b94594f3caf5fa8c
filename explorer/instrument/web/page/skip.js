import { el } from "../dom.js";

/** Where a keyboard may want to be at once. @type {[string, string][]} */
const PLACES = [
  ["Latents", ".controls"],
  ["Actions of the image", ".actions"],
  ["Map", ".map"],
  ["Traversals and more", ".tab-row > .tabs"],
];

/** What can be reached by Tab. */
const REACHED = ':is(button, input, select, [tabindex="0"]):not([tabindex="-1"], :disabled, .term)';

/**
 * Links that a keyboard reaches first, and that are seen while they have the focus.
 *
 * @param {HTMLElement} root
 */
export const createSkips = (root) =>
  el(
    "nav",
    { class: "skips", "aria-label": "Skip to" },
    ...PLACES.map(([name, selector]) =>
      el("button", {
        class: "action skip",
        type: "button",
        text: `Skip to ${name[0].toLowerCase()}${name.slice(1)}`,
        on: {
          click: () => /** @type {HTMLElement | null} */ (root.querySelector(`${selector} ${REACHED}`))?.focus(),
        },
      }),
    ),
  );
