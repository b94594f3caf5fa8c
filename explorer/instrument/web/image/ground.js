import { INK, inkBox } from "./centring.js";
import { strokeWidth } from "./ink.js";
import { resample } from "./resample.js";

/**
 * How the objects of a data set lie on their images, measured on some rather than known by name.
 *
 * @typedef {{grey: number, plain: boolean, box: number | null, byMass: boolean, stroke: number, ink: number}} Ground the grey around the objects, in
 *   [0, 1]; `plain` where nearly all edges of the images are near it, so that ink can be told from ground; `box`, the share
 *   of the image that the objects' longer side was fitted into, or nothing where they are of all sizes; `byMass`: they were
 *   centred by their centre of mass, else by their box; `stroke`: how wide their strokes are, in pixels; `ink`: how far
 *   from the ground the strongest of an image is
 */

const IMAGES = 24;
const NEAR = 0.1;
const MOST = 0.8;

/** Strokes are measured at this many times the resolution. */
const FINER = 8;

/** Sizes that spread by less, of the image, were made equal. */
const EQUAL = 0.06;

/** @type {Ground} what the data most often are, until they have been looked at */
export const UNKNOWN = { grey: 0, plain: false, box: null, byMass: true, stroke: 0, ink: 1 };

/**
 * @param {Float32Array} image C×H×W
 * @param {import("../engine/pixels.js").Shape} shape
 * @returns {number[]} the values along its edge, of all channels
 */
export function edge(image, [channels, height, width]) {
  const found = [];
  for (let y = 0; y < height; y++) {
    const step = y === 0 || y === height - 1 ? 1 : Math.max(1, width - 1);
    for (let x = 0; x < width; x += step) {
      for (let channel = 0; channel < channels; channel++) {
        found.push(image[(channel * height + y) * width + x]);
      }
    }
  }
  return found;
}

/** @param {number[]} values @returns {number} */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/**
 * @param {import("../checkpoint/thumbnails.js").Thumbnails} thumbnails
 * @param {number} count of images there are
 * @param {import("../engine/pixels.js").Shape} shape
 * @returns {Promise<Ground>}
 */
export async function measureGround(thumbnails, count, shape) {
  const some = Array.from({ length: Math.min(IMAGES, count) }, (_, at) => thumbnails.pixels(at));
  const images = await Promise.all(some);
  const values = images.flatMap((image) => edge(image, shape));
  const grey = median(values);
  const near = values.filter((value) => Math.abs(value - grey) < NEAR).length;
  if (near < MOST * values.length) return { ...UNKNOWN, grey };
  const [, height, width] = shape;
  const boxes = images.flatMap((image) => inkBox(asSource(image, shape), grey, INK) ?? []);
  const sides = boxes.map((box) => Math.max((box.right - box.left) / width, (box.bottom - box.top) / height));
  sides.sort((a, b) => a - b);
  const spread = sides[Math.floor(0.9 * sides.length)] - sides[Math.floor(0.1 * sides.length)];
  const off = (/** @type {number} */ x, /** @type {number} */ y) => Math.hypot(x - width / 2, y - height / 2);
  const byMass = median(boxes.map(({ x, y }) => off(x, y)));
  const byBox = median(boxes.map((box) => off((box.left + box.right) / 2, (box.top + box.bottom) / 2)));
  const inks = images.map((image) => image.subarray(0, height * width).map((value) => Math.abs(value - grey)));
  return {
    grey,
    plain: true,
    box: spread < EQUAL ? median(sides) : null,
    byMass: byMass <= byBox,
    stroke: median(inks.map((ink) => finely(ink, height, width))),
    ink: median(inks.map((ink) => ink.reduce((a, b) => Math.max(a, b), 0))),
  };
}

/** Between pixels a stroke ends where its grey is half. @param {Float32Array} ink @param {number} height @param {number} width */
function finely(ink, height, width) {
  const whole = { left: 0, top: 0, width, height };
  const fine = resample(asSource(ink, [1, height, width]), whole, FINER * width, FINER * height, 0, 1);
  return strokeWidth(fine, FINER * height, FINER * width) / FINER;
}

/**
 * @param {Float32Array} image C×H×W in [0, 1]
 * @param {import("../engine/pixels.js").Shape} shape
 * @returns {import("./resample.js").Source}
 */
export function asSource(image, [channels, height, width]) {
  const plane = height * width;
  const data = new Uint8ClampedArray(4 * plane).fill(255);
  for (let at = 0; at < plane; at++) {
    for (let colour = 0; colour < 3; colour++) {
      data[4 * at + colour] = 255 * image[(colour % channels) * plane + at];
    }
  }
  return { width, height, rows: (top, count) => data.subarray(4 * top * width, 4 * (top + count) * width) };
}
