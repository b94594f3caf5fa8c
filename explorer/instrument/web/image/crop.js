import { clamp } from "../clamp.js";
import { context2d, el } from "../dom.js";

/** The longer side of the picture in CSS pixels, and the shortest of a part that is taken. */
const LONGEST = 200;
const SHORTEST = 12;

/** A step of an arrow key, as a share of the longer side. */
const STEP = 1 / 40;

/**
 * A picture and the part of it that is used: drawn with a pointer, moved by dragging it, or by the arrow keys, which with
 * Shift change its size.
 *
 * @param {(part: import("./resample.js").Window | null) => void} onCrop in the picture's pixels; nothing: all of it
 */
export function createCrop(onCrop) {
  const canvas = el("canvas", { "aria-hidden": "true" });
  const frame = el("div", { class: "crop-part", hidden: true });
  const whole = el("button", {
    class: "link",
    type: "button",
    text: "Use the whole picture",
    hidden: true,
    on: { click: () => take(null) },
  });
  const place = el(
    "div",
    {
      class: "crop-picture",
      role: "group",
      tabindex: "0",
      "aria-label": "The part that is used: arrow keys move it, with Shift they resize it",
      on: { pointerdown, pointermove, pointerup, pointercancel: pointerup, keydown },
    },
    canvas,
    frame,
  );
  const element = el(
    "div",
    { class: "crop" },
    place,
    el("p", { class: "hint", text: "Drag a box around what you want to use." }),
    whole,
  );
  /** In CSS pixels of the picture. @type {import("./resample.js").Window | null} */
  let part = null;
  /** @type {((x: number, y: number) => void) | null} */
  let drag = null;
  let across = 0;

  function pointerdown(/** @type {PointerEvent} */ event) {
    if (event.button !== 0) return;
    place.setPointerCapture(event.pointerId);
    const [x, y] = at(event);
    const inside = part && x > part.left && y > part.top && x < part.left + part.width && y < part.top + part.height;
    const from = part;
    drag =
      inside && from
        ? (to, down) => show({ ...from, left: from.left + to - x, top: from.top + down - y })
        : (to, down) =>
            show({
              left: Math.min(x, to),
              top: Math.min(y, down),
              width: Math.abs(to - x),
              height: Math.abs(down - y),
            });
  }

  function pointermove(/** @type {PointerEvent} */ event) {
    drag?.(...at(event));
  }

  function pointerup() {
    if (!drag) return;
    drag = null;
    // A click is not a box.
    take(part && Math.min(part.width, part.height) >= SHORTEST ? part : null);
  }

  function keydown(/** @type {KeyboardEvent} */ event) {
    const right = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
    const down = { ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0;
    if (!right && !down) return;
    event.preventDefault();
    event.stopPropagation();
    const step = STEP * LONGEST;
    const from = part ?? { left: 0, top: 0, width: canvas.clientWidth, height: canvas.clientHeight };
    take(
      event.shiftKey
        ? {
            ...from,
            width: Math.max(SHORTEST, from.width + step * right),
            height: Math.max(SHORTEST, from.height + step * down),
          }
        : { ...from, left: from.left + step * right, top: from.top + step * down },
    );
  }

  /** @param {PointerEvent} event @returns {[number, number]} */
  function at(event) {
    const box = canvas.getBoundingClientRect();
    return [clamp(event.clientX - box.left, 0, box.width), clamp(event.clientY - box.top, 0, box.height)];
  }

  /** @param {import("./resample.js").Window | null} next */
  function show(next) {
    part = next && held(next);
    frame.hidden = whole.hidden = part === null;
    if (!part) return;
    for (const side of /** @type {const} */ (["left", "top", "width", "height"])) frame.style[side] = `${part[side]}px`;
  }

  /** @param {import("./resample.js").Window} next @returns {import("./resample.js").Window} inside the picture */
  function held(next) {
    const [width, height] = [Math.min(next.width, canvas.clientWidth), Math.min(next.height, canvas.clientHeight)];
    return {
      left: clamp(next.left, 0, canvas.clientWidth - width),
      top: clamp(next.top, 0, canvas.clientHeight - height),
      width,
      height,
    };
  }

  /** @param {import("./resample.js").Window | null} next */
  function take(next) {
    show(next);
    const whole = (/** @type {number} */ value) => Math.round((value * across) / canvas.clientWidth);
    onCrop(
      part && {
        left: whole(part.left),
        top: whole(part.top),
        width: Math.max(1, whole(part.width)),
        height: Math.max(1, whole(part.height)),
      },
    );
  }

  return {
    element,
    /** @param {ImageBitmap} bitmap a new picture, of which all is used */
    open(bitmap) {
      across = bitmap.width;
      const scale = Math.max(bitmap.width, bitmap.height) / LONGEST;
      canvas.width = Math.max(1, Math.round(bitmap.width / scale));
      canvas.height = Math.max(1, Math.round(bitmap.height / scale));
      context2d(canvas).drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      show(null);
    },
  };
}
