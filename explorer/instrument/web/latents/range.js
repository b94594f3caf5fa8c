import { el } from "../dom.js";

/**
 * A slider's input. A finger that touches it may go on to scroll the page: until it tells, only the thumb follows.
 *
 * @param {Record<string, any>} attributes
 * @param {{onTake(value: number, time: number): void, onSettle(): void, shown(): number,
 *   on?: Record<string, (event: any) => void>}} options `shown`: where the thumb goes back to when the page was scrolled
 * @returns {HTMLInputElement}
 */
export function createRange(attributes, { onTake, onSettle, shown, on = {} }) {
  let undecided = false;

  /** @param {number} time */
  function take(time) {
    undecided = false;
    onTake(range.valueAsNumber, time);
  }

  const range = el("input", {
    class: "range",
    type: "range",
    ...attributes,
    on: {
      ...on,
      pointerdown: (/** @type {PointerEvent} */ event) => (undecided = event.pointerType === "touch"),
      pointermove: () => (undecided = false),
      pointerup: () => undecided && take(performance.now()),
      pointercancel() {
        undecided = false;
        range.value = String(shown());
      },
      input: (/** @type {PointerEvent} */ event) => undecided || take(event.timeStamp),
      change: () => undecided || onSettle(),
    },
  });
  return range;
}
