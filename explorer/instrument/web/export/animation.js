import { context2d } from "../dom.js";
import { present } from "../present.js";
import { importVendored } from "../shelf/held.js";
import { isWebp, muxWebp } from "./webp-animation.js";

/** Frames there, ends included: there and back are then 48 of them, three seconds. */
const THERE = 25;
const DELAY_MS = 60;
const LEAST_PIXELS = 256;
/** Decoded at once: a part of a second even for a large decoder. */
const AT_ONCE = 5;
/** Pixels that the colours of a GIF are taken from: a tenth of a second's work. */
const SAMPLED = 500_000;

/** @typedef {{add(index: number, pixels: Uint32Array): void | Promise<void>, finish(): Uint8Array}} Encoder */

/**
 * @param {(t: number) => number[]} path a code for each t from 0 to 1
 * @returns {number[][]} the codes from end to end, slower towards both, as what plays in the instrument
 */
export function easedCodes(path) {
  return Array.from({ length: THERE }, (_, at) => path((1 - Math.cos((Math.PI * at) / (THERE - 1))) / 2));
}

/**
 * An animation of decoded images, there and back for ever, enlarged by a whole number.
 *
 * @param {{codes: number[][], format: "gif" | "webp", shape: import("../engine/pixels.js").Shape,
 *   decodeSheet(codes: number[][], columns: number): Promise<ImageData | null>,
 *   onProgress(done: number): void, signal: AbortSignal}} options `done` in [0, 1]
 * @returns {Promise<{bytes: Uint8Array, frames: number, width: number, height: number} | null>} nothing where it was
 *   called off or cannot be decoded
 */
export async function animate({ codes, format, shape, decodeSheet, onProgress, signal }) {
  const [, height, width] = shape;
  /** @type {Uint32Array[]} */
  const images = [];
  const steps = 3 * codes.length - 2;
  for (let at = 0; at < codes.length; at += AT_ONCE) {
    const some = codes.slice(at, at + AT_ONCE);
    const sheet = await decodeSheet(some, 1);
    if (!sheet || signal.aborted) return null;
    const pixels = new Uint32Array(sheet.data.buffer);
    some.forEach((_, line) => images.push(pixels.slice(line * width * height, (line + 1) * width * height)));
    onProgress(images.length / steps);
  }
  const scale = Math.ceil(LEAST_PIXELS / Math.max(width, height));
  const size = { width: width * scale, height: height * scale };
  const tour = [...images.keys(), ...[...images.keys()].slice(1, -1).reverse()];
  const encoder = format === "gif" ? await gif(images, shape[0] === 1, size) : webp(size);
  for (const [at, image] of tour.entries()) {
    await encoder.add(image, enlarge(images[image], width, scale));
    // Lets a pointer that waits have its turn.
    await new Promise((resolve) => setTimeout(resolve));
    if (signal.aborted) return null;
    onProgress((images.length + at + 1) / steps);
  }
  return { bytes: encoder.finish(), frames: tour.length, ...size };
}

/** @returns {Promise<boolean>} not every browser writes WebP */
export async function canWriteWebp() {
  return isWebp(await still(canvasOf({ width: 1, height: 1 })));
}

/**
 * @param {Uint32Array[]} images packed RGBA
 * @param {boolean} grey
 * @param {{width: number, height: number}} size
 * @returns {Promise<Encoder>}
 */
async function gif(images, grey, { width, height }) {
  const { GIFEncoder, quantize, applyPalette } = await importVendored(
    "gifenc.esm.js",
    () => import("../vendor/gifenc.esm.js"),
  );
  const file = GIFEncoder();
  // Grey levels are exact. Of colours there is one table for all frames: with one for each they would flicker.
  const palette = grey
    ? Array.from({ length: 256 }, (_, level) => [level, level, level])
    : quantize(sample(images), 256);
  let first = true;
  return {
    add(_, pixels) {
      const indices = grey ? Uint8Array.from(pixels, (pixel) => pixel & 255) : applyPalette(bytesOf(pixels), palette);
      file.writeFrame(indices, width, height, { delay: DELAY_MS, palette: first ? palette : undefined });
      first = false;
    },
    finish() {
      file.finish();
      return file.bytes();
    },
  };
}

/** @param {{width: number, height: number}} size @returns {Encoder} */
function webp(size) {
  const canvas = canvasOf(size);
  const context = context2d(canvas, { alpha: false });
  /** @type {Map<number, Uint8Array>} each image once, for the way there and the way back */
  const stills = new Map();
  /** @type {number[]} */
  const tour = [];
  return {
    async add(image, pixels) {
      if (!stills.has(image)) {
        context.putImageData(
          new ImageData(new Uint8ClampedArray(/** @type {ArrayBuffer} */ (pixels.buffer)), size.width),
          0,
          0,
        );
        stills.set(image, await still(canvas));
      }
      tour.push(image);
    },
    finish: () =>
      muxWebp(
        tour.map((image) => present(stills.get(image))),
        { ...size, delay: DELAY_MS },
      ),
  };
}

/** @param {HTMLCanvasElement} canvas @returns {Promise<Uint8Array>} lossless in browsers that have that, at quality 1 */
async function still(canvas) {
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/webp", 1));
  return new Uint8Array(await blob.arrayBuffer());
}

/** @param {{width: number, height: number}} size @returns {HTMLCanvasElement} */
function canvasOf({ width, height }) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

/** @param {Uint32Array} image @param {number} width @param {number} scale @returns {Uint32Array} every pixel a square */
function enlarge(image, width, scale) {
  const wide = width * scale;
  const pixels = new Uint32Array(image.length * scale * scale);
  for (let y = 0; y * wide < pixels.length; y += scale) {
    for (let x = 0; x < wide; x++) pixels[y * wide + x] = image[(y / scale) * width + Math.floor(x / scale)];
    for (let copy = 1; copy < scale; copy++) pixels.copyWithin((y + copy) * wide, y * wide, (y + 1) * wide);
  }
  return pixels;
}

/** @param {Uint32Array[]} images @returns {Uint8Array} of all of them as many pixels as tell their colours */
function sample(images) {
  const size = images[0].length;
  const every = Math.ceil((images.length * size) / SAMPLED);
  const pixels = new Uint32Array(Math.ceil((images.length * size) / every));
  for (let to = 0, at = 0; to < pixels.length; to++, at += every) {
    pixels[to] = images[Math.floor(at / size)][at % size];
  }
  return bytesOf(pixels);
}

/** @param {Uint32Array} pixels */
const bytesOf = (pixels) => new Uint8Array(pixels.buffer);
