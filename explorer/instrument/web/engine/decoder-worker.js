import { sentenceFor } from "../errors.js";
import { present } from "../present.js";
import { openDecoder, repeated } from "./decoder.js";
import { allFinite, writeImage } from "./pixels.js";
import { startEngine } from "./session.js";

/**
 * Decodes images, away from the pointer, for what follows the big image: for each latent asked for a row of images, one
 * for each step of that latent with all else as it is, which is both the slider's filmstrip and a row of the traversals;
 * or a sheet of images of any values. Several decoders may be open at once; every message names the one that it is for.
 *
 * @typedef {import("./decoder.js").Tensors} Tensors
 * @typedef {{kind: "open", name: string, assets: string, bytes: Uint8Array,
 *   expected: import("./decoder.js").Expected}} Open
 * @typedef {{kind: "rows", name: string, control: string, tensors: Tensors, rows: {latent: number, steps: number[]}[],
 *   buffer: ArrayBuffer | null}} AskRows `tensors`: what is on screen, one value of each control
 * @typedef {{kind: "sheet", name: string, id: number, tensors: Tensors, count: number, columns: number}} AskSheet
 * @typedef {{decoder: import("./decoder.js").Decoder, shape: import("./pixels.js").Shape}} Model
 */

/** @type {Map<string, Model>} */
const opened = new Map();

/** @param {Open} message */
async function open({ name, assets, bytes, expected }) {
  const decoder = await openDecoder(await startEngine(assets), bytes, expected);
  const [channels, height, width] = expected.gives;
  opened.set(name, { decoder, shape: [channels, height, width] });
  postMessage({ kind: "ready", name });
}

/** @param {{name: string}} message */
async function close({ name }) {
  opened.get(name)?.decoder.release();
  opened.delete(name);
}

/** @param {AskRows} message */
async function rows({ name, control, tensors, rows, buffer }) {
  const { decoder, shape } = present(opened.get(name));
  const steps = rows[0].steps.length;
  const count = rows.length * steps;
  const codes = repeated(tensors, count);
  const { data } = codes[control];
  const size = data.length / count;
  rows.forEach((row, line) => {
    row.steps.forEach((step, column) => {
      data[(line * steps + column) * size + row.latent] = step;
    });
  });
  const images = await decoder.decode(codes, count);
  const [channels, height, width] = shape;
  const rowWidth = steps * width;
  const needed = rows.length * rowWidth * height * 4;
  const pixels = new Uint32Array(buffer && buffer.byteLength >= needed ? buffer : new ArrayBuffer(needed));
  for (let row = 0; row < rows.length; row++) {
    const strip = pixels.subarray(row * rowWidth * height, (row + 1) * rowWidth * height);
    for (let column = 0; column < steps; column++) {
      const image = (row * steps + column) * channels * height * width;
      writeImage(images, image, shape, strip, rowWidth, column * width);
    }
  }
  postMessage({ kind: "rows", buffer: pixels.buffer, finite: allFinite(images) }, { transfer: [pixels.buffer] });
}

/** A sheet that cannot be decoded is its asker's matter alone. @param {AskSheet} message */
async function sheet({ name, id, tensors, count, columns }) {
  try {
    const buffer = await sheetOf(present(opened.get(name)), tensors, count, columns);
    postMessage({ kind: "sheet", id, buffer }, { transfer: [buffer] });
  } catch (error) {
    console.error(error);
    postMessage({ kind: "sheet", id, buffer: null });
  }
}

/**
 * @param {Model} model
 * @param {Tensors} tensors
 * @param {number} count of images
 * @param {number} columns
 * @returns {Promise<ArrayBuffer>} RGBA
 */
async function sheetOf({ decoder, shape }, tensors, count, columns) {
  const images = await decoder.decode(tensors, count);
  const [channels, height, width] = shape;
  const pixels = new Uint32Array(Math.ceil(count / columns) * height * columns * width);
  for (let at = 0; at < count; at++) {
    const line = pixels.subarray(Math.floor(at / columns) * height * columns * width);
    const image = at * channels * height * width;
    writeImage(images, image, shape, line, columns * width, (at % columns) * width);
  }
  return pixels.buffer;
}

const JOBS = { open, close, rows, sheet };

/** One at a time, in the order in which they came. */
let last = Promise.resolve();

addEventListener("message", ({ data }) => {
  last = last
    .then(() => JOBS[/** @type {keyof typeof JOBS} */ (data.kind)](data))
    .catch((error) => {
      const otherwise = "The images could not be decoded: reload the page to try again.";
      postMessage({ kind: "failed", name: data.name, sentence: sentenceFor(error, otherwise) });
    });
});
