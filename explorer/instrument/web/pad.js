import { centred } from "./centring.js";
import { createDrawing } from "./drawing.js";
import { el, withCode } from "./dom.js";
import { sentenceFor } from "./errors.js";
import { measureGround } from "./ground.js";
import { icon } from "./icons.js";
import { levels, resample } from "./resample.js";
import { newestWins } from "./scheduler.js";
import { createSeen } from "./seen.js";

/** @typedef {import("./drawing.js").Stroke} Stroke */

const TITLE = "Your drawing";
const LIKE_DIGITS = "digits";

/** The width of the pen as a share of the image's height: at first, and from finest to broadest. */
const PEN = { first: 0.08, least: 0.03, most: 0.25, step: 0.01 };

/**
 * A pad to draw on, encoded as the pen moves.
 *
 * @param {import("./bench.js").Bench} bench
 * @param {ReturnType<typeof import("./encoder.js").createEncoder>} encoder
 * @returns {import("./bench.js").Part & {open(): void}}
 */
export function createPad(bench, encoder) {
  const { card, commands, gone } = bench;
  const { shape } = card.image;
  const [channels, height, width] = shape;
  const canvas = el("canvas", {
    class: "pad",
    role: "img",
    "aria-label": "Drawing pad: draw with the mouse, a pen or a finger",
    on: { pointerdown: begin, pointermove: follow, pointerup: end, pointercancel: end },
  });
  const drawing = createDrawing(shape, canvas);
  const seen = createSeen(shape);
  /** @type {Stroke[]} */
  let strokes = [];
  /** @type {Stroke | null} the one under the pen */
  let stroke = null;
  let pointer = -1;
  let ground = 0;
  let erases = false;
  /** @type {Stroke[] | null} what the source that is shown was drawn with */
  let shown = null;

  const tool = (name, picture, eraser) =>
    el(
      "button",
      { class: "action", type: "button", on: { click: () => pick(eraser) } },
      icon(picture),
      el("span", { text: name }),
    );
  const pen = tool("Pen", "pen", false);
  const eraser = tool("Eraser", "eraser", true);
  const size = el("input", {
    type: "range",
    min: PEN.least,
    max: PEN.most,
    step: PEN.step,
    value: PEN.first,
    "aria-label": "Width of the pen",
  });
  const colour = channels === 3 ? el("input", { type: "color", "aria-label": "Colour of the pen" }) : null;
  const like = el("input", {
    type: "checkbox",
    checked: card.data.name === LIKE_DIGITS,
    on: { change: () => strokes.length && finish() },
  });
  const act = (name, picture, title, work) =>
    el(
      "button",
      { class: "action", type: "button", title, on: { click: work } },
      icon(picture),
      el("span", { text: name }),
    );
  const refusal = el("p", { class: "refusal", role: "alert", hidden: true });
  const element = el(
    "div",
    { class: "desk" },
    el(
      "div",
      { class: "desk-main" },
      el(
        "div",
        { class: "pad-tools", role: "toolbar", "aria-label": "Drawing tools" },
        pen,
        eraser,
        size,
        colour,
        act("Undo stroke", "undo", "Take the last stroke away", () => restroke(strokes.slice(0, -1))),
        act("Clear", "close", "Begin again with an empty pad", () => restroke([])),
      ),
      canvas,
      refusal,
    ),
    el(
      "div",
      { class: "desk-side" },
      seen.element,
      el("label", { class: "switch" }, like, el("span", { text: "Centre and size like the data" })),
    ),
  );

  const queue = newestWins(
    async (time) => {
      const mine = strokes;
      const pixels = sample();
      seen.draw(pixels);
      const posterior = await (await encoder.open()).encode(pixels);
      if (gone.aborted || !mine.length) return;
      refusal.hidden = true;
      shown = [...mine];
      commands.moveOwn({ title: TITLE, pixels, strokes: shown, ...posterior }, time);
    },
    (error) => {
      if (gone.aborted) return;
      const sentence = sentenceFor(error, "The drawing could not be encoded: reload the page to try again.");
      if (!refusal.hidden && refusal.textContent === sentence.replaceAll("`", "")) return;
      refusal.replaceChildren(...withCode(sentence));
      refusal.hidden = false;
    },
  );

  /** @returns {Float32Array} what is on the pad, as the model takes it */
  function sample() {
    const source = drawing.read();
    const all = { left: 0, top: 0, width: source.width, height: source.height };
    const colours = channels === 1 ? 1 : 3;
    return levels(
      like.checked
        ? centred(source, shape, ground)
        : resample(source, all, width, height, null, colours),
    );
  }

  async function finish() {
    queue.request(performance.now());
    await queue.settled();
    if (!gone.aborted && !stroke && shown) commands.settle();
  }

  /** @param {Stroke[]} next */
  function restroke(next) {
    const had = strokes.length;
    strokes = next;
    drawing.redraw(strokes);
    if (strokes.length) return void finish();
    seen.draw(sample());
    if (had && shown) commands.forget();
  }

  /** @param {boolean} eraserOn */
  function pick(eraserOn) {
    erases = eraserOn;
    pen.setAttribute("aria-pressed", String(!erases));
    eraser.setAttribute("aria-pressed", String(erases));
  }

  /** @param {PointerEvent} event adds where it is to the stroke, in pixels of the image */
  function add(event) {
    const box = canvas.getBoundingClientRect();
    const { clientLeft, clientTop } = canvas;
    const x = ((event.clientX - box.left - clientLeft) / (box.width - 2 * clientLeft)) * width;
    const y = ((event.clientY - box.top - clientTop) / (box.height - 2 * clientTop)) * height;
    stroke.points.push(x, y);
  }

  /** @param {PointerEvent} event */
  function begin(event) {
    if (stroke || event.button !== 0) return;
    event.preventDefault();
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    const ink = colour?.value ?? (ground < 0.5 ? "#fff" : "#000");
    stroke = { colour: erases ? null : ink, size: size.valueAsNumber * height, points: [] };
    strokes = [...strokes, stroke];
    add(event);
    drawing.extend(stroke, 0);
    queue.request(event.timeStamp);
  }

  /** @param {PointerEvent} event */
  function follow(event) {
    if (!stroke || event.pointerId !== pointer) return;
    const from = stroke.points.length / 2;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const one of all.length ? all : [event]) add(one);
    drawing.extend(stroke, from);
    queue.request(event.timeStamp);
  }

  /** @param {PointerEvent} event */
  function end(event) {
    if (!stroke || event.pointerId !== pointer) return;
    stroke = null;
    finish();
  }

  /** @param {number} next the grey that the data have around their objects */
  function setGround(next) {
    ground = next;
    drawing.setGround(ground);
    if (colour) colour.value = ground < 0.5 ? "#ffffff" : "#000000";
    drawing.redraw(strokes);
    seen.draw(sample());
  }

  pick(false);
  setGround(0);
  return {
    element,
    /** What is drawn first should not wait for the encoder. */
    open: () => void encoder.open().catch(() => {}),
    fill({ count }) {
      measureGround(bench.thumbnails(), count, shape).then(
        ({ grey: found }) => strokes.length || setGround(found),
        () => {},
      );
    },
    /** A drawing that undo brings back is on the pad again. */
    setSource(source) {
      const drawn = source?.strokes ?? null;
      if (drawn === shown || stroke) return;
      const had = shown;
      shown = drawn;
      if (!drawn && (source || !had)) return;
      strokes = drawn ?? [];
      drawing.redraw(strokes);
      seen.draw(sample());
    },
  };
}
