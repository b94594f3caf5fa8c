import { context2d, el } from "../dom.js";
import { writeImage } from "../engine/pixels.js";
import { brushed, HALVES, half, hiddenCount, isSamePart, scattered, whole } from "./seen-part.js";

/** The brush, as a share of the image's height. */
const BRUSH = 0.07;
/** Of the pixels, where they are hidden here and there. */
const SCATTERED = 0.75;

const OPPOSITE = { left: "Right half", right: "Left half", top: "Lower half", bottom: "Upper half" };

/**
 * An image on which a part is hidden with a brush, or by a button.
 *
 * @typedef {import("./seen-part.js").Seen} Seen
 * @param {import("../engine/pixels.js").Shape} shape
 * @param {{label: string, put(seen: Seen, time: number): void, settle(): void}} options `put`: while a pointer moves, and
 *   `settle` at the end of it
 */
export function createHiding(shape, { label, put, settle }) {
  const [, height, width] = shape;
  const size = height * width;
  const image = new ImageData(width, height);
  const packed = new Uint32Array(image.data.buffer);
  /** @type {Seen} */
  let seen = whole(size, 1);
  /** @type {Float32Array | null} */
  let pixels = null;
  /** @type {{id: number, at: {x: number, y: number}} | null} */
  let pointer = null;
  let shows = false;

  const canvas = el("canvas", {
    class: "hiding-image",
    role: "img",
    width,
    height,
    on: { pointerdown: begin, pointermove: follow, pointerup: end, pointercancel: end },
  });
  const context = context2d(canvas, { alpha: false });
  const button = (/** @type {string} */ text, /** @type {string} */ title, /** @type {() => void} */ click) =>
    el("button", { class: "action", type: "button", text, title, on: { click } });
  const brushes = [false, true].map((value) =>
    button(
      value ? "Show" : "Hide",
      value ? "The brush reveals what it touches" : "The brush hides what it touches",
      () => {
        shows = value;
        face();
      },
    ),
  );
  const parts = [
    ...HALVES.map((name) => ({
      name: OPPOSITE[name],
      isIt: () => isSamePart(seen, half(name, height, width)),
      make: () => half(name, height, width),
    })),
    {
      name: "Random pixels",
      isIt: () => false,
      make: () => scattered(size, SCATTERED, Math.random),
    },
    { name: "All", isIt: () => hiddenCount(seen) === size, make: () => whole(size, 0) },
    { name: "Nothing", isIt: () => hiddenCount(seen) === 0, make: () => whole(size, 1) },
  ].map(({ name, isIt, make }) => ({
    isIt,
    element: button(name, `Hide: ${name.toLowerCase()}`, () => {
      put(make(), performance.now());
      settle();
    }),
  }));
  const said = el("p", { class: "hint", role: "status" });
  const element = el(
    "div",
    { class: "hiding" },
    canvas,
    el(
      "div",
      { class: "hiding-tools" },
      el(
        "div",
        { class: "hiding-parts", role: "group", "aria-label": "What is hidden" },
        el("span", { class: "hint", text: "Hide" }),
        ...parts.map((part) => part.element),
      ),
      el(
        "div",
        { class: "hiding-parts", role: "group", "aria-label": "What the brush does" },
        el("span", { class: "hint", text: "Brush" }),
        ...brushes,
      ),
      said,
    ),
  );

  function face() {
    brushes.forEach((one, at) => one.setAttribute("aria-pressed", String(shows === (at === 1))));
    for (const part of parts) part.element.setAttribute("aria-pressed", String(part.isIt()));
    const hidden = hiddenCount(seen);
    const text =
      hidden === 0
        ? "Nothing is hidden, so there is nothing to complete: draw on the image to hide a part of it."
        : hidden === size
          ? "Everything is hidden: no pixel says what the image was, so the model alone decides what follows."
          : `${Math.round((100 * hidden) / size)} % hidden.`;
    if (said.textContent !== text) said.textContent = text;
    canvas.setAttribute("aria-label", `${label}: ${text}`);
  }

  function draw() {
    if (pixels) writeImage(pixels, 0, shape, packed, width, 0);
    else packed.fill(0xff808080);
    for (let at = 0; at < size; at++) {
      if (seen[at]) continue;
      // A weave of two tones: no image of the data has it, and both themes show it.
      const isDark = ((at % width) + Math.floor(at / width)) % 2 === 0;
      packed[at] = isDark ? 0xffb9835a : 0xffcf9f7c;
    }
    context.putImageData(image, 0, 0);
  }

  /** @param {PointerEvent} event @returns {{x: number, y: number}} in pixels of the image */
  function placeOf(event) {
    const box = canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) / box.width) * width,
      y: ((event.clientY - box.top) / box.height) * height,
    };
  }

  /** @param {PointerEvent} event */
  function paint(event) {
    if (!pointer) return;
    let next = seen;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const one of all.length ? all : [event]) {
      const to = placeOf(one);
      next = brushed(next, width, pointer.at, to, Math.max(1, BRUSH * height), shows ? 1 : 0);
      pointer.at = to;
    }
    if (next !== seen) put(next, event.timeStamp);
  }

  /** @param {PointerEvent} event */
  function begin(event) {
    if (pointer || event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    pointer = { id: event.pointerId, at: placeOf(event) };
    paint(event);
  }

  /** @param {PointerEvent} event */
  function follow(event) {
    if (event.pointerId === pointer?.id) paint(event);
  }

  /** @param {PointerEvent} event */
  function end(event) {
    if (event.pointerId !== pointer?.id) return;
    pointer = null;
    settle();
  }

  face();
  draw();
  return {
    element,
    /** @param {Float32Array | null} nextPixels C×H×W @param {Seen} nextSeen */
    show(nextPixels, nextSeen) {
      const isOther = nextSeen !== seen;
      [pixels, seen] = [nextPixels, nextSeen];
      draw();
      if (isOther) face();
    },
  };
}
