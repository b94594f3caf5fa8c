import { el } from "../dom.js";

/**
 * @typedef {{text: string, here: boolean, spoken: string}} Stop `here`: it can be chosen
 */

/**
 * Where a slider goes that was pulled to a stop: there, or past those that cannot be chosen to the next in the direction
 * of the pull; with none in that direction, it goes as far as it can.
 *
 * @param {boolean[]} here which stops can be chosen
 * @param {number} from −1 where none is chosen
 * @param {number} to
 * @returns {number}
 */
export function landing(here, from, to) {
  const step = Math.sign(to - from) || 1;
  for (let at = to; at >= 0 && at < here.length; at += step) if (here[at]) return at;
  for (let at = to; at !== from; at -= step) if (here[at]) return at;
  return from;
}

/**
 * A slider over named stops. Those that cannot be chosen are hollow, and are passed over.
 *
 * @param {{label: string, name: string, onChoose(at: number): void, onMissing?: (at: number) => void}} options `name`
 *   is the class; `onMissing` hears of a stop that was pressed and cannot be chosen
 */
export function createStops({ label, name, onChoose, onMissing }) {
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

  /** @param {number} wanted */
  function choose(wanted) {
    const to = landing(
      stops.map(({ here }) => here),
      at,
      wanted,
    );
    if (!stops[wanted].here) onMissing?.(wanted);
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
          ...next.map(({ text, here }, index) =>
            el("span", { class: here ? "mark" : "mark missing", style: `--at: ${index / last}` }, el("span", { text })),
          ),
        );
      }
      range.disabled = !next.some(({ here }, index) => here && index !== at);
      face();
    },
  };
}
