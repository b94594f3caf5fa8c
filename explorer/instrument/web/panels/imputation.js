import { context2d, el, spell } from "../dom.js";
import { writeImage } from "../engine/pixels.js";
import { newestWins } from "../engine/scheduler.js";
import { sentenceFor } from "../errors.js";
import { createHiding } from "../image/hiding.js";
import { drawsPixels, filled, hiddenError, rounds } from "../image/imputation.js";
import { half, hiddenCount } from "../image/seen-part.js";
import { present } from "../present.js";
import { term } from "../term.js";

const ROUNDS = 30;
/** The first rounds of a chain, which are left out of its mean. */
const SETTLED = 10;
/** How many images of the test split are averaged, to be put where something is hidden. */
const AVERAGED = 200;

/**
 * Part of the source is hidden, and the model completes it round by round.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
function create(stage) {
  const { card, model, store, gone } = stage;
  const shape = present(model.shape);
  const [channels, height, width] = shape;
  const size = channels * height * width;
  /** @type {Float32Array | null} of the source */
  let pixels = null;
  let seen = half("top", height, width);
  /** @type {Promise<Float32Array> | null} the mean image */
  let mean = null;
  let draws = model.hasPosterior;
  const raster = new ImageData(width, height);
  const packed = new Uint32Array(raster.data.buffer);

  const hiding = createHiding(shape, { label: "The image, a part of it hidden", put, settle() {} });
  const pane = (/** @type {string} */ name) => {
    const canvas = el("canvas", { class: "source", role: "img", width, height, "aria-label": name });
    const error = el("output", { class: "number" });
    return {
      context: context2d(canvas),
      error,
      figure: el("figure", { class: "pane" }, canvas, el("figcaption", {}, el("span", { text: name }), error)),
    };
  };
  const completed = pane("The model");
  const average = pane(card.examples ? "Mean image" : "Grey");
  const truth = pane("The truth");
  const round = el("span", { role: "status" });
  const chance = el("input", {
    type: "checkbox",
    checked: draws,
    on: {
      change() {
        draws = chance.checked;
        ask();
      },
    },
  });
  const hint = el("p", {
    class: "hint",
    text: "Pick a test image, draw one or upload one first: then hide a part of it here.",
  });
  const refusal = el("p", { class: "refusal", role: "alert", hidden: true });
  const work = el(
    "div",
    { class: "imputation-work", hidden: true },
    hiding.element,
    el(
      "div",
      { class: "imputation-found" },
      el("div", { class: "trio" }, completed.figure, average.figure, truth.figure),
      el(
        "p",
        { class: "hint" },
        "Under each: squared error ",
        term(
          "a hidden pixel",
          "How far the hidden pixels are from the truth: 0 is perfect. The mean of (image − truth)² over them, in grey levels " +
            "from 0 to 1. " +
            (card.examples
              ? `The mean image is that of ${Math.min(AVERAGED, card.examples.count)} ${card.examples.split} images: it ` +
                "knows nothing about this one, and is still hard to beat where much is hidden."
              : "Grey is 0.5 everywhere."),
        ),
        ". ",
        round,
      ),
      model.hasPosterior
        ? el(
            "label",
            { class: "switch" },
            chance,
            el("span", {
              text: drawsPixels(model) ? "Draw z and the hidden pixels in every round" : "Draw z in every round",
            }),
          )
        : null,
      refusal,
    ),
  );
  const element = el(
    "section",
    { class: "imputation", "aria-label": "Complete an image" },
    el(
      "h2",
      {},
      "Complete an image ",
      term(
        "round by round",
        "The hidden pixels start as the mean image. Each round encodes the whole image, decodes it, and puts the visible pixels " +
          "back. With draws this is Gibbs sampling: the hidden pixels wander among what the model finds likely beside the visible " +
          `ones, and the mean of rounds ${SETTLED + 1} to ${ROUNDS} is shown at the end. With means they come to rest at an image ` +
          "that agrees with itself, likely or not (Rezende et al. 2014, Appendix F).",
      ),
    ),
    hint,
    work,
  );

  const queue = newestWins(
    async (_, overtaken) => {
      const image = pixels;
      const start = await (mean ??= meanImage());
      if (!image || gone.aborted) return;
      const part = seen;
      paint(truth, image, image);
      paint(average, filled(image, start, part), image);
      if (hiddenCount(part) === 0) {
        round.textContent = "";
        return paint(completed, image, image);
      }
      let count = 0;
      const sum = new Float32Array(size);
      for await (const next of rounds(model, store.get().codes, { pixels: image, seen: part, start }, draws)) {
        count += 1;
        if (gone.aborted || overtaken()) return;
        paint(completed, next, image);
        round.textContent = `Round ${count} of ${ROUNDS}.`;
        if (count > SETTLED) next.forEach((value, at) => void (sum[at] += value / (ROUNDS - SETTLED)));
        if (count === ROUNDS) break;
        await frame();
      }
      if (draws) {
        paint(completed, sum, image);
        round.textContent = `Mean of rounds ${SETTLED + 1} to ${ROUNDS}.`;
      }
      refusal.hidden = true;
      element.dataset.done = String(Number(element.dataset.done ?? 0) + 1);
    },
    (error) => {
      if (gone.aborted) return;
      console.error(error);
      refusal.textContent = sentenceFor(error, "The image could not be completed: reload the page to try again.");
      refusal.hidden = false;
    },
  );

  /** @param {import("../image/seen-part.js").Seen} next */
  function put(next) {
    seen = next;
    hiding.show(pixels, seen);
    ask();
  }

  function ask() {
    if (pixels && element.offsetParent !== null) queue.request(undefined);
  }

  /** @param {typeof completed} place @param {Float32Array} image @param {Float32Array} original */
  function paint(place, image, original) {
    writeImage(image, 0, shape, packed, width, 0);
    place.context.putImageData(raster, 0, 0);
    const error = hiddenError(image, original, seen);
    place.error.textContent = error === null || place === truth ? "" : spell(error, 3);
  }

  async function meanImage() {
    if (!card.examples) return new Float32Array(size).fill(0.5);
    const count = Math.min(AVERAGED, card.examples.count);
    const sum = new Float32Array(size);
    for (let at = 0; at < count; at++) {
      const image = await stage.thumbnails().pixels(at);
      for (let pixel = 0; pixel < size; pixel++) sum[pixel] += image[pixel] / count;
    }
    return sum;
  }

  // A tab that opens is laid out only then. Later sizes begin nothing anew: the sentence at the end of a chain may wrap.
  let isLaidOut = false;
  new ResizeObserver(() => {
    const was = isLaidOut;
    isLaidOut = element.offsetParent !== null;
    if (!was) ask();
  }).observe(element);

  return {
    element,
    setSource(source) {
      const next = source?.pixels ?? null;
      if (next === pixels) return;
      pixels = next;
      hint.hidden = pixels !== null;
      work.hidden = pixels === null;
      hiding.show(pixels, seen);
      ask();
    },
  };
}

/** @returns {Promise<void>} when the next frame is drawn, so that every round is seen */
const frame = () => new Promise((resolve) => requestAnimationFrame(() => resolve()));

/** @type {import("../stage.js").Panel & {title: string}} */
export default {
  name: "imputation",
  place: "tabs",
  title: "Complete",
  fits: ({ encoder, decoder, shape, condition }) => (encoder && decoder && shape && !condition ? true : ""),
  create,
};
