import { el } from "./dom.js";

/**
 * A figure or word whose origin is a press away, for the mouse, a finger and the keyboard alike: the sentence that says
 * where it comes from appears below it, and goes with the focus.
 *
 * @param {string} text
 * @param {string} sentence
 * @returns {HTMLElement}
 */
export function term(text, sentence) {
  const bubble = el("span", { class: "bubble", role: "status" });
  const button = el("button", {
    class: "term",
    type: "button",
    text,
    "aria-expanded": "false",
    on: {
      click() {
        // Safari gives a pressed button no focus.
        button.focus();
        show(bubble.textContent === "");
      },
      blur: () => show(false),
      keydown(event) {
        if (event.key === "Escape") show(false);
      },
    },
  });
  const element = el("span", { class: "term-place" }, button, bubble);

  /** @param {boolean} open */
  function show(open) {
    bubble.textContent = open ? sentence : "";
    button.setAttribute("aria-expanded", String(open));
    bubble.style.translate = "";
    if (open) bubble.style.translate = `${intoView(bubble)}px 0`;
  }

  return element;
}

/** @param {HTMLElement} element @returns {number} how far to move it sideways until all of it is in the instrument */
function intoView(element) {
  const own = element.getBoundingClientRect();
  const room = element.closest(".instrument").getBoundingClientRect();
  return Math.max(room.left - own.left, Math.min(0, room.right - own.right));
}

/**
 * Where a figure of the card comes from.
 *
 * @param {{how: string, split: string, samples: number, seed: number}} measured
 * @returns {string}
 */
export function provenance({ how, split, samples, seed }) {
  return `${how} Measured on the ${split} split, ${samples.toLocaleString("en")} images, seed ${seed}.`;
}
