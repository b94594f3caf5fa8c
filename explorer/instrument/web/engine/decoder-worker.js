import { sentenceFor } from "../errors.js";
import { present } from "../present.js";
import { allFinite, writeImage } from "./pixels.js";
import { openDecoder, startEngine } from "./session.js";

/**
 * Decodes, away from the pointer, what follows the big image: for each latent asked for a row of images, one for each
 * value of that latent with all others as in z. A row is both the slider's filmstrip and the grid's traversal. Or a sheet
 * of images of any codes. Several decoders may be open at once; every message names the one that it is for.
 *
 * @typedef {{kind: "open", name: string, assets: string, bytes: Uint8Array, expected: {name: string, latents: number,
 *   shape: import("./pixels.js").Shape, again?: string}, steps: number[]}} Open
 * @typedef {{kind: "rows", name: string, z: number[], latents: number[], buffer: ArrayBuffer | null}} Ask
 * @typedef {{kind: "sheet", name: string, id: number, codes: Float32Array, columns: number}} AskSheet
 */

/** @type {Map<string, {decoder: import("./session.js").Decoder} & Pick<Open, "expected" | "steps">>} */
const opened = new Map();

/** @param {Open} message */
async function open({ name, assets, bytes, expected, steps }) {
  const decoder = await openDecoder(await startEngine(assets), bytes, expected);
  opened.set(name, { decoder, expected, steps });
  postMessage({ kind: "ready", name });
}

/** @param {{name: string}} message */
async function close({ name }) {
  opened.get(name)?.decoder.release();
  opened.delete(name);
}

/** @param {Ask} message */
async function rows({ name, z, latents, buffer }) {
  const { decoder, expected, steps } = present(opened.get(name));
  const codes = new Float32Array(latents.length * steps.length * z.length);
  let at = 0;
  for (const latent of latents) {
    for (const step of steps) {
      codes.set(z, at);
      codes[at + latent] = step;
      at += z.length;
    }
  }
  const images = await decoder.decode(codes, latents.length * steps.length);
  const [channels, height, width] = expected.shape;
  const rowWidth = steps.length * width;
  const needed = latents.length * rowWidth * height * 4;
  const pixels = new Uint32Array(buffer && buffer.byteLength >= needed ? buffer : new ArrayBuffer(needed));
  for (let row = 0; row < latents.length; row++) {
    const sheet = pixels.subarray(row * rowWidth * height, (row + 1) * rowWidth * height);
    for (let column = 0; column < steps.length; column++) {
      const image = (row * steps.length + column) * channels * height * width;
      writeImage(images, image, expected.shape, sheet, rowWidth, column * width);
    }
  }
  postMessage({ kind: "rows", buffer: pixels.buffer, finite: allFinite(images) }, { transfer: [pixels.buffer] });
}

/** A sheet that cannot be decoded is its asker's matter alone. @param {AskSheet} message */
async function sheet({ name, id, codes, columns }) {
  try {
    const buffer = await sheetOf(present(opened.get(name)), codes, columns);
    postMessage({ kind: "sheet", id, buffer }, { transfer: [buffer] });
  } catch (error) {
    console.error(error);
    postMessage({ kind: "sheet", id, buffer: null });
  }
}

/**
 * @param {{decoder: import("./session.js").Decoder, expected: Open["expected"]}} model
 * @param {Float32Array} codes
 * @param {number} columns
 * @returns {Promise<ArrayBuffer>} RGBA
 */
async function sheetOf({ decoder, expected }, codes, columns) {
  const count = codes.length / expected.latents;
  const images = await decoder.decode(codes, count);
  const [channels, height, width] = expected.shape;
  const pixels = new Uint32Array(Math.ceil(count / columns) * height * columns * width);
  for (let at = 0; at < count; at++) {
    const line = pixels.subarray(Math.floor(at / columns) * height * columns * width);
    const image = at * channels * height * width;
    writeImage(images, image, expected.shape, line, columns * width, (at % columns) * width);
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
