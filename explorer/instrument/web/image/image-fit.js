import { offscreen2d } from "../dom.js";
import { present } from "../present.js";
import { centred } from "./centring.js";
import { asSource, edge, median } from "./ground.js";
import { findInk, strokeWidth, thickened } from "./ink.js";
import { grey, levels, resample } from "./resample.js";

/**
 * @typedef {import("../engine/pixels.js").Shape} Shape
 * @typedef {{fill: boolean, invert: boolean, like: boolean, crop: import("./resample.js").Window | null}} Fit how an image
 *   becomes the model's: `crop`, the part of it that is used; `fill` cuts what does not fit, without it everything is kept;
 *   `like` centres and sizes its ink
 */

/** Ink is looked for at FINER times the resolution of the result, and its strokes are measured at MIDDLE times. */
const FINER = 16;
const MIDDLE = 8;

/** The side of a rough look, in pixels. */
const SMALL = 64;

/** What is drawn on transparent ground must differ from the ground that it is laid on. */
const LEGIBLE = 0.25;

/**
 * @param {ImageBitmap} bitmap
 * @param {string} ground a CSS colour under what is transparent
 * @param {import("./resample.js").Window | null} crop
 * @returns {import("./resample.js").Source} read a strip at a time
 */
function sourceOf(bitmap, ground, crop) {
  const { left, top: above, width, height } = crop ?? { left: 0, top: 0, width: bitmap.width, height: bitmap.height };
  return {
    width,
    height,
    rows(top, count) {
      const context = offscreen2d(width, count, { alpha: false, willReadFrequently: true });
      context.fillStyle = ground;
      context.fillRect(0, 0, width, count);
      context.drawImage(bitmap, left, above + top, width, count, 0, 0, width, count);
      return context.getImageData(0, 0, width, count).data;
    },
  };
}

/**
 * @param {ImageBitmap} bitmap
 * @param {number} ground grey of the data's
 * @returns {number} the grey to lay it on: the data's, or where what is drawn would vanish on that, its opposite
 */
export function under(bitmap, ground) {
  const data = small(bitmap);
  let [ink, weight, clear] = [0, 0, 0];
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3] / 255;
    ink += (alpha * (0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2])) / 255;
    weight += alpha;
    clear += data[at + 3] < 128 ? 1 : 0;
  }
  const vanishes = clear && weight && Math.abs(ink / weight - ground) < LEGIBLE;
  return vanishes ? Math.round(1 - ground) : ground;
}

/**
 * @param {ImageBitmap} bitmap
 * @param {Shape} shape
 * @param {import("./ground.js").Ground} ground of the data
 * @param {number} laid grey under what is transparent
 * @param {Fit} fit `like` only for images of one channel, whose data were fitted into a box
 * @returns {Float32Array | null} C×H×W in [0, 1], as the encoder takes it; nothing where `like` finds no ink
 */
export function fitImage(bitmap, shape, ground, laid, fit) {
  const [, height, width] = shape;
  const source = sourceOf(bitmap, css(laid), fit.crop);
  if (!fit.like) return levels(place(source, shape, ground.grey, fit));
  const large = sized(source, [1, FINER * height, FINER * width], fit);
  const isBright = ground.grey < 0.5;
  const [, high, wide] = large.shape;
  const ink = findInk(isBright ? large.image : large.image.map((value) => 1 - value), high, wide);
  const image = ink && written(ink, large.shape, shape, ground);
  return image && levels(isBright ? image : image.map((value) => 1 - value));
}

/**
 * Writes what was found as the data are written: as large, as central, with as wide a pen and as much ink.
 *
 * @param {Float32Array} ink (1, H, W), the page 0
 * @param {Shape} found
 * @param {Shape} shape of the result
 * @param {import("./ground.js").Ground} ground
 */
function written(ink, found, shape, ground) {
  const [, height, width] = shape;
  const like = { ...ground, box: present(ground.box) };
  /** @type {Shape} */
  const middle = [1, MIDDLE * height, MIDDLE * width];
  const sharp = centred(asSource(ink, found), middle, 0, like, FINER);
  const pen = ground.stroke * MIDDLE;
  const wider = thickened(sharp, middle[1], middle[2], (pen - strokeWidth(sharp, middle[1], middle[2])) / 2);
  const image = centred(asSource(wider, middle), shape, 0, like, FINER);
  const most = image.reduce((a, b) => Math.max(a, b), 0) || 1;
  return image.map((value) => (value * ground.ink) / most);
}

/**
 * @param {import("./resample.js").Source} source
 * @param {Shape} shape which the result fills, or where all of the source is kept, fits into
 * @param {Fit} fit
 * @returns {{image: Float32Array, shape: Shape}}
 */
function sized(source, [channels, height, width], { fill, invert }) {
  const by = fill ? Math.min : Math.max;
  const scale = by(source.width / width, source.height / height);
  const fitting = (/** @type {number} */ side) => Math.max(1, Math.round(side / scale));
  const [wide, high] = fill ? [width, height] : [fitting(source.width), fitting(source.height)];
  const [across, down] = fill ? [scale * width, scale * height] : [source.width, source.height];
  const [left, top] = [(source.width - across) / 2, (source.height - down) / 2];
  let image = resample(source, { left, top, width: across, height: down }, wide, high);
  if (channels === 1) image = grey(image);
  if (invert) image = image.map((value) => 1 - value);
  return { image, shape: [channels, high, wide] };
}

/** @param {import("./resample.js").Source} source @param {Shape} shape @param {number} ground @param {Fit} fit */
function place(source, shape, ground, fit) {
  const { image, shape: found } = sized(source, shape, fit);
  const [channels, height, width] = shape;
  const [, high, wide] = found;
  if (wide === width && high === height) return image;
  const whole = new Float32Array(channels * height * width).fill(ground);
  const [left, top] = [Math.floor((width - wide) / 2), Math.floor((height - high) / 2)];
  for (let line = 0; line < channels * high; line++) {
    const to = Math.floor(line / high) * height + top + (line % high);
    whole.set(image.subarray(line * wide, (line + 1) * wide), to * width + left);
  }
  return whole;
}

/**
 * @param {ImageBitmap} bitmap
 * @param {import("./ground.js").Ground} ground of the data
 * @param {number} laid
 * @returns {boolean} whether its border is dark where the data's is light, or the other way round
 */
export function isInverted(bitmap, ground, laid) {
  if (!ground.plain) return false;
  const data = small(bitmap, css(laid));
  const image = grey(
    Float32Array.from({ length: 3 * SMALL ** 2 }, (_, at) => {
      const [colour, pixel] = [Math.floor(at / SMALL ** 2), at % SMALL ** 2];
      return data[4 * pixel + colour] / 255;
    }),
  );
  return Math.abs(median(edge(image, [1, SMALL, SMALL])) - ground.grey) > 0.5;
}

/** @param {number} grey in [0, 1] */
function css(grey) {
  const byte = Math.round(255 * grey);
  return `rgb(${byte} ${byte} ${byte})`;
}

/** @param {ImageBitmap} bitmap @param {string} [ground] @returns {Uint8ClampedArray} RGBA, a rough look at it */
function small(bitmap, ground) {
  const context = offscreen2d(SMALL, SMALL, { willReadFrequently: true });
  if (ground) {
    context.fillStyle = ground;
    context.fillRect(0, 0, SMALL, SMALL);
  }
  context.drawImage(bitmap, 0, 0, SMALL, SMALL);
  return context.getImageData(0, 0, SMALL, SMALL).data;
}
