import { el, spell } from "./dom.js";
import MEANINGS from "./meanings.json" with { type: "json" };
import { present } from "./present.js";
import { said } from "./spoken.js";

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
      /** @param {KeyboardEvent} event */
      keydown(event) {
        if (event.key === "Escape") show(false);
      },
    },
  });
  const element = el("span", { class: "term-place" }, button, bubble);

  /** @param {boolean} open */
  function show(open) {
    bubble.textContent = open ? said(sentence) : "";
    button.setAttribute("aria-expanded", String(open));
    bubble.style.translate = "";
    if (open) bubble.style.translate = intoView(bubble, button);
  }

  return element;
}

/**
 * @param {HTMLElement} bubble below its button
 * @param {HTMLElement} button
 * @returns {string} how far to move the bubble: sideways into the instrument, and where the window ends, above its button
 */
function intoView(bubble, button) {
  const own = bubble.getBoundingClientRect();
  const room = present(bubble.closest(".instrument")).getBoundingClientRect();
  const { top, bottom } = button.getBoundingClientRect();
  const across = Math.max(room.left - own.left, Math.min(0, room.right - own.right));
  const up = own.bottom > window.innerHeight ? top + bottom - own.top - own.bottom : 0;
  const zoom = bubble.currentCSSZoom ?? 1;
  return `${across / zoom}px ${up / zoom}px`;
}

/**
 * What a figure of the card says, in plain words: `meanings.json` has them by the metric's name, or by how it begins.
 *
 * @param {string} name
 * @returns {string} "" where there is nothing to say
 */
export function meaning(name) {
  /** @type {Record<string, string>} */
  const known = MEANINGS;
  const begun = Object.keys(known).find((key) => key.endsWith("_") && name.startsWith(key));
  return said(known[name] ?? (begun ? known[begun] : ""));
}

/**
 * What a figure of the card says, and then where it comes from.
 *
 * @param {Parameters<typeof provenance>[0] & {name: string}} metric
 * @returns {string}
 */
export const explained = (metric) => `${meaning(metric.name)} ${provenance(metric)}`.trim();

/**
 * Where a figure of the card comes from.
 *
 * @param {{how: string, split: string, samples: number, seed: number, perfect?: number | null}} measured
 * @returns {string}
 */
export function provenance({ how, split, samples, seed, perfect }) {
  const images = spell(samples, 0);
  const measured =
    split === "all"
      ? said("Measured on all splits, {images} images, seed {seed}.", { images, seed })
      : said("Measured on the {split} split, {images} images, seed {seed}.", { split: said(split), images, seed });
  const parts = [said(how), measured];
  if (typeof perfect === "number") parts.push(said("A perfect model would get {best}.", { best: spell(perfect) }));
  return parts.join(" ");
}
