import { el, withCode } from "../dom.js";
import { newestWins } from "../engine/scheduler.js";
import { sentenceFor } from "../errors.js";
import { present } from "../present.js";
import { centred, MNIST } from "./centring.js";
import { rememberChoice } from "./choice.js";
import { createDrawing } from "./drawing.js";
import { UNKNOWN } from "./ground.js";
import { holding } from "./holding.js";
import { createPadTools } from "./pad-tools.js";
import { levels, resample } from "./resample.js";
import { createSeen } from "./seen.js";

/** @typedef {import("./drawing.js").Stroke} Stroke */

const TITLE = "Your drawing";
const LIKE_DIGITS = "digits";

/**
 * A pad to draw on, encoded as the pen moves.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part & {open(): void, setGround(found: import("./ground.js").Ground): void}}
 */
export function createPad(stage) {
  const { card, model, commands, gone } = stage;
  const encoder = present(model.encoder);
  const { shape } = card.output;
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
  /** What the data lie on, and what the pad does: a drawing stays on what it was begun on. */
  let measured = UNKNOWN;
  /** @type {import("./ground.js").Ground | null} */
  let ground = null;
  /** @type {Stroke[] | null} what the source that is shown was drawn with */
  let shown = null;
  /** @type {import("../store.js").Source | null} what was made here last */
  let made = null;

  const tools = createPadTools(shape, {
    undo: () => restroke(strokes.slice(0, -1)),
    clear: () => restroke([]),
  });
  const like = el("input", {
    type: "checkbox",
    checked: card.data.name === LIKE_DIGITS,
    on: { change: () => strokes.length && finish() },
  });
  const likeLabel = el("label", { class: "switch" }, like, el("span", { text: "Centre and size like the data" }));
  const refusal = el("p", { class: "refusal", role: "alert", hidden: true });
  const element = el(
    "div",
    { class: "desk" },
    el("div", { class: "desk-main" }, tools.element, canvas, refusal),
    el("div", { class: "desk-side" }, seen.element, likeLabel),
  );

  const queue = newestWins(
    async ({ time, isOvertaken }) => {
      const mine = strokes;
      const pixels = sample();
      seen.draw(pixels);
      const posterior = await encoder.encode(pixels, stage.store.get().codes);
      if (gone.aborted || !strokes.length || isOvertaken(made)) return;
      refusal.hidden = true;
      const isFirst = shown === null;
      shown = [...mine];
      const source = { title: TITLE, pixels, strokes: shown, ...posterior };
      made = source;
      if (isFirst) holding(canvas, () => commands.moveOwn(source, time));
      else commands.moveOwn(source, time);
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
    const under = present(ground);
    const source = drawing.read();
    const all = { left: 0, top: 0, width: source.width, height: source.height };
    const colours = channels === 1 ? 1 : 3;
    return levels(
      like.checked
        ? centred(source, shape, under.grey, under.box === null ? MNIST : { ...under, box: under.box })
        : resample(source, all, width, height, null, colours),
    );
  }

  /** @param {number} time when the pen was where it is */
  const ask = (time) => queue.request({ time, isOvertaken: rememberChoice(stage.store) });

  async function finish() {
    ask(performance.now());
    await queue.settled();
    if (!gone.aborted && !stroke && shown) commands.settle();
  }

  /** @param {Stroke[]} next what is on the pad from now on */
  function lay(next) {
    strokes = next;
    const on = strokes[0]?.ground ?? measured;
    if (on !== ground) {
      ground = on;
      drawing.setGround(ground.grey);
      tools.setGround(ground.grey);
    }
    drawing.redraw(strokes);
    seen.draw(sample());
  }

  /** @param {Stroke[]} next */
  function restroke(next) {
    const had = strokes.length;
    lay(next);
    if (strokes.length) return void finish();
    if (had && shown) commands.forget();
  }

  /** @param {PointerEvent} event adds where it is to the stroke, in pixels of the image */
  function add(event) {
    const box = canvas.getBoundingClientRect();
    const { clientLeft, clientTop } = canvas;
    const x = ((event.clientX - box.left - clientLeft) / (box.width - 2 * clientLeft)) * width;
    const y = ((event.clientY - box.top - clientTop) / (box.height - 2 * clientTop)) * height;
    present(stroke).points.push(x, y);
  }

  /** @param {PointerEvent} event */
  function begin(event) {
    if (stroke || event.button !== 0) return;
    event.preventDefault();
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    const begun = { ...tools.current(), points: [], ground: present(ground) };
    stroke = begun;
    strokes = [...strokes, begun];
    add(event);
    drawing.extend(begun);
    ask(event.timeStamp);
  }

  /** @param {PointerEvent} event */
  function follow(event) {
    if (!stroke || event.pointerId !== pointer) return;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const one of all.length ? all : [event]) add(one);
    drawing.extend(stroke);
    ask(event.timeStamp);
  }

  /** @param {PointerEvent} event */
  function end(event) {
    if (!stroke || event.pointerId !== pointer) return;
    stroke = null;
    drawing.end();
    finish();
  }

  lay([]);
  return {
    element,
    /** What is drawn first should not wait for the encoder. */
    open: () => void encoder.open().catch(() => {}),
    setGround(found) {
      // Objects of all sizes have none that a drawing could be given.
      likeLabel.hidden = found.box === null && !like.checked;
      measured = found;
      if (!strokes.length) lay([]);
    },
    /** A drawing that undo brings back is on the pad again. */
    setSource(source) {
      const drawn = source?.strokes ?? null;
      if (drawn === shown || stroke) return;
      const had = shown;
      shown = drawn;
      if (!drawn && (source || !had)) return;
      lay(drawn ?? []);
    },
  };
}
