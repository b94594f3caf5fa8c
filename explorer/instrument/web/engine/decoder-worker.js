import { sentenceFor } from "../errors.js";
import { present } from "../present.js";
import { openDecoder } from "./decoder.js";
import { allFinite, writeImage } from "./pixels.js";
import { startEngine } from "./session.js";
import { runTrial } from "./trial.js";

/**
 * Decodes sheets of images away from the pointer. Several decoders may be open at once: every message has the number of the
 * one that it is for, and its answer the number of the message. The page's side is `model/worker.js`.
 *
 * @typedef {{kind: "open", id: number, model: number, engine: import("./session.js").Engine, bytes: Uint8Array,
 *   expected: import("./decoder.js").Expected}} Open
 * @typedef {{kind: "sheet", id: number, model: number, tensors: import("./decoder.js").Tensors, count: number,
 *   columns: number, spare: ArrayBuffer | null}} Ask
 * @typedef {{kind: "close", model: number}} Close
 *
 * @typedef {{decoder: import("./decoder.js").Decoder, shape: import("./pixels.js").Shape}} Model
 * @typedef {{result: unknown, transfer?: Transferable[]}} Answer
 */

/** @type {Map<number, Model>} */
const opened = new Map();

/** The models that were closed: what is still waiting to be done for them is skipped. */
const closed = new Set();

/** @param {Open} message @returns {Promise<Answer>} */
async function open({ model, engine, bytes, expected }) {
  const decoder = await openDecoder(await startEngine(engine), bytes, expected);
  const [channels, height, width] = expected.gives;
  opened.set(model, { decoder, shape: [channels, height, width] });
  return { result: null };
}

/** @param {Ask} message @returns {Promise<Answer>} */
async function sheet({ model, tensors, count, columns, spare }) {
  const { decoder, shape } = present(opened.get(model));
  const images = await decoder.decode(tensors, count);
  const [channels, height, width] = shape;
  const lineSize = columns * width * height;
  const needed = 4 * Math.ceil(count / columns) * lineSize;
  const pixels = new Uint32Array(spare && spare.byteLength >= needed ? spare : new ArrayBuffer(needed));
  for (let at = 0; at < count; at++) {
    const line = pixels.subarray(Math.floor(at / columns) * lineSize);
    const image = at * channels * height * width;
    writeImage(images, image, shape, line, columns * width, (at % columns) * width);
  }
  return { result: { buffer: pixels.buffer, finite: allFinite(images) }, transfer: [pixels.buffer] };
}

/** @param {import("./trial.js").Try} message @returns {Promise<Answer>} */
async function tried(message) {
  const ort = await startEngine(message.engine);
  postMessage({ id: message.id, started: true });
  await runTrial(ort, message);
  return { result: null };
}

/** @param {Open | Ask | import("./trial.js").Try} message @returns {Promise<Answer>} */
function answer(message) {
  if (message.kind === "try") return tried(message);
  return message.kind === "open" ? open(message) : sheet(message);
}

/** @param {Open | Ask | import("./trial.js").Try} message */
async function work(message) {
  const { id } = message;
  if ("model" in message && closed.has(message.model)) return;
  try {
    const { result, transfer = [] } = await answer(message);
    postMessage({ id, result }, { transfer });
  } catch (error) {
    console.error(error);
    const sentence = sentenceFor(error, "The images could not be decoded: reload the page to try again.");
    postMessage({ id, sentence });
  }
}

/** @param {Close} message */
async function close({ model }) {
  opened.get(model)?.decoder.release();
  opened.delete(model);
  closed.delete(model);
}

/** One at a time, in the order in which they came. */
let last = Promise.resolve();

addEventListener("message", ({ data }) => {
  if (data.kind === "close") closed.add(data.model);
  last = last.then(() => (data.kind === "close" ? close(data) : work(data)));
});
