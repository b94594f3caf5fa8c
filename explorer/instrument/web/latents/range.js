import { clamp } from "../clamp.js";
import { el } from "../dom.js";

/**
 * A slider's input. A finger that touches it may go on to scroll the page: until it tells, only the thumb follows. Some
 * browsers leave a finger that comes down beside the thumb alone: then the thumb is led to it here.
 *
 * @param {Record<string, any>} attributes
 * @param {{onTake(value: number, time: number): void, onSettle(): void, shown(): number,
 *   on?: Record<string, (event: any) => void>}} options `shown`: where the thumb goes back to when the page was scrolled
 * @returns {HTMLInputElement}
 */
export function createRange(attributes, { onTake, onSettle, shown, on = {} }) {
  let undecided = false;
  let beside = false;

  /** @param {PointerEvent} event @returns how far along a thumb would be whose middle is there, and how wide it is */
  function aim({ clientX }) {
    const { left, width } = range.getBoundingClientRect();
    const thumb = width / Number(getComputedStyle(range).getPropertyValue("--cells"));
    const [share, wide] = [(clientX - left - thumb / 2) / (width - thumb), thumb / (width - thumb)];
    return { share: clamp(share, 0, 1), wide };
  }

  const [least, most] = [Number(attributes.min), Number(attributes.max)];

  /** @param {PointerEvent} event */
  function lead(event) {
    range.valueAsNumber = least + aim(event).share * (most - least);
    take(event.timeStamp);
  }

  /** @param {PointerEvent} event @returns {boolean} whether the thumb is elsewhere */
  function misses(event) {
    const { share, wide } = aim(event);
    return Math.abs((range.valueAsNumber - least) / (most - least) - share) > wide / 2;
  }

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
      pointerdown(/** @type {PointerEvent} */ event) {
        undecided = event.pointerType === "touch";
        beside = undecided && misses(event);
      },
      pointermove(/** @type {PointerEvent} */ event) {
        undecided = false;
        if (beside) lead(event);
      },
      pointerup(/** @type {PointerEvent} */ event) {
        if (beside) {
          lead(event);
          onSettle();
        } else if (undecided) {
          take(performance.now());
        }
        beside = false;
      },
      pointercancel() {
        undecided = beside = false;
        range.value = String(shown());
      },
      input(/** @type {PointerEvent} */ event) {
        beside = false;
        if (!undecided) take(event.timeStamp);
      },
      change: () => undecided || onSettle(),
    },
  });
  return range;
}
