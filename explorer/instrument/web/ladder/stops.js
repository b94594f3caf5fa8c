import { el } from "../dom.js";

/** @typedef {{text: string, spoken: string}} Stop */

/**
 * A slider over named stops.
 *
 * @param {{label: string, name: string, onChoose(at: number): void}} options `name` is the class
 */
export function createStops({ label, name, onChoose }) {
  const marks = el("div", { class: "stop-marks", "aria-hidden": "true" });
  const range = el("input", {
    class: "stop-range",
    type: "range",
    min: 0,
    step: 1,
    "aria-label": label,
    on: {
      input() {
        choose(range.valueAsNumber);
      },
      click() {
        // With none chosen the slider stands at its first stop: a press on that changes no value.
        if (at < 0) choose(range.valueAsNumber);
      },
    },
  });
  const element = el("div", { class: `stops ${name}` }, el("div", { class: "stop-track" }, range), marks);

  /** @type {Stop[]} */
  let stops = [];
  let at = -1;

  /** @param {number} to */
  function choose(to) {
    face();
    if (to !== at) onChoose(to);
  }

  function face() {
    range.value = String(Math.max(0, at));
    range.setAttribute("aria-valuetext", stops[at]?.spoken ?? "none of these");
    element.classList.toggle("off", at < 0);
    [...marks.children].forEach((mark, index) => mark.classList.toggle("now", index === at));
  }

  return {
    element,
    range,
    /** @param {Stop[]} next @param {number} chosen its place among them, or −1 */
    show(next, chosen) {
      at = chosen;
      if (JSON.stringify(next) !== JSON.stringify(stops)) {
        stops = next;
        range.max = String(next.length - 1);
        const last = next.length - 1 || 1;
        marks.replaceChildren(
          ...next.map(({ text }, index) =>
            el("span", { class: "mark", style: `--at: ${index / last}` }, el("span", { text })),
          ),
        );
      }
      range.disabled = !next.some((_, index) => index !== at);
      face();
    },
  };
}
