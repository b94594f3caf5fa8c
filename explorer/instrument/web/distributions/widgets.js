import { el, spell } from "../dom.js";
import { arrowStep } from "../page/keyboard.js";

/**
 * A labelled slider with its number.
 *
 * @param {{label: string, min: number, max: number, step?: number, value: number, decimals?: number,
 *   onInput(value: number): void}} options
 */
export function createDial({ label, min, max, step = 0.01, value, decimals = 2, onInput }) {
  const number = el("output", { class: "dial-number", text: spell(value, decimals) });
  const range = el("input", {
    type: "range",
    min,
    max,
    step,
    value,
    "aria-label": label,
    on: {
      input() {
        number.textContent = spell(Number(range.value), decimals);
        onInput(Number(range.value));
      },
    },
  });
  return {
    element: el("label", { class: "small-dial" }, el("span", { text: label }), range, number),
    /** @param {number} to */
    set(to) {
      range.value = String(to);
      number.textContent = spell(to, decimals);
    },
  };
}

/** @param {string} text @param {() => void} click */
export const action = (text, click) => el("button", { class: "action", type: "button", text, on: { click } });

/**
 * One part of the page: what it shows, what to try, and what that means.
 *
 * @param {{id: string, title: string, lead: string, try: string, why: string}} words
 * @param {...Node} content
 */
export function section({ id, title, lead, try: task, why }, ...content) {
  return el(
    "section",
    { class: "small-distribution", id, "data-panel": id, "aria-labelledby": `${id}-title` },
    el("h2", { id: `${id}-title`, text: title }),
    el("p", { class: "small-lead", text: lead }),
    el("div", { class: "small-content" }, ...content),
    el("p", { class: "small-try" }, el("strong", { text: "Try: " }), task),
    el("details", {}, el("summary", { text: "Why" }), el("p", { text: why })),
  );
}

/**
 * A bar a name, as long as its share, with a thin mark where something else was counted.
 *
 * @param {string[]} names
 */
export function createBars(names) {
  const rows = names.map((name) => {
    const bar = el("span", { class: "small-bar" });
    const mark = el("span", { class: "small-mark", hidden: true });
    const number = el("output", { class: "dial-number" });
    const track = el("span", { class: "small-track" }, bar, mark);
    return { bar, mark, number, element: el("div", { class: "small-row" }, el("span", { text: name }), track, number) };
  });
  return {
    element: el("div", { class: "small-bars" }, ...rows.map(({ element }) => element)),
    /** @param {number[]} shares @param {number[] | null} [counted] */
    show(shares, counted = null) {
      rows.forEach(({ bar, mark, number }, at) => {
        bar.style.width = `${100 * shares[at]}%`;
        number.textContent = spell(shares[at], 3);
        mark.hidden = counted === null;
        if (counted) mark.style.left = `${100 * counted[at]}%`;
      });
    },
  };
}

/**
 * Lets a handle in a drawing be dragged, and moved by the arrow keys.
 *
 * @param {SVGElement} handle @param {SVGSVGElement} drawing
 * @param {(at: {x: number, y: number}) => void} onMove in the drawing's own units
 * @param {(right: number, up: number) => void} onStep for arrow keys
 */
export function draggable(handle, drawing, onMove, onStep) {
  handle.setAttribute("tabindex", "0");
  handle.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const matrix = drawing.getScreenCTM();
    if (matrix) onMove(new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse()));
  });
  handle.addEventListener("keydown", (event) => {
    const step = arrowStep(event.key);
    if (!step) return;
    event.preventDefault();
    onStep(...step);
  });
}
