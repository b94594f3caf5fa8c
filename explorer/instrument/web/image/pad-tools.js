import { el } from "../dom.js";
import { icon } from "../icons.js";

/** The width of the pen as a share of the image's height: at first, and from finest to broadest. */
const PEN = { first: 0.08, least: 0.03, most: 0.25, step: 0.01 };

/**
 * What is drawn with, above the pad.
 *
 * @param {import("../engine/pixels.js").Shape} shape
 * @param {{undo(): void, clear(): void}} acts
 */
export function createPadTools([channels, height], { undo, clear }) {
  let erases = false;
  let ink = "#ffffff";

  /** @param {string} name @param {any} picture @param {string | null} title @param {() => void} act */
  const action = (name, picture, title, act) =>
    el(
      "button",
      { class: "action", type: "button", title, on: { click: act } },
      icon(picture),
      el("span", { text: name }),
    );
  const pen = action("Pen", "pen", null, () => pick(false));
  const eraser = action("Eraser", "eraser", null, () => pick(true));
  const size = el("input", {
    type: "range",
    min: PEN.least,
    max: PEN.most,
    step: PEN.step,
    value: PEN.first,
    "aria-label": "Width of the pen",
  });
  const colour = channels === 3 ? el("input", { type: "color", "aria-label": "Colour of the pen" }) : null;

  /** @param {boolean} eraserOn */
  function pick(eraserOn) {
    erases = eraserOn;
    pen.setAttribute("aria-pressed", String(!erases));
    eraser.setAttribute("aria-pressed", String(erases));
  }

  pick(false);
  return {
    element: el(
      "div",
      { class: "pad-tools", role: "toolbar", "aria-label": "Drawing tools" },
      pen,
      eraser,
      size,
      colour,
      action("Undo stroke", "undo", "Remove the last stroke", undo),
      action("Clear", "close", "Start again with an empty pad", clear),
    ),
    /** @returns {{colour: string | null, size: number}} of the next stroke */
    current: () => ({
      colour: erases ? null : (colour?.value ?? ink),
      size: size.valueAsNumber * height,
    }),
    /** @param {number} grey in [0, 1] of what is drawn on */
    setGround(grey) {
      ink = grey < 0.5 ? "#ffffff" : "#000000";
      if (colour) colour.value = ink;
    },
  };
}
