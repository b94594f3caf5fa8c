import { InstrumentError } from "../errors.js";
import { startWorker } from "../shelf/held.js";
import { engineOf } from "./session.js";

/**
 * A graph from an unknown source runs first in a worker of its own, which can be ended: one that never comes back, or asks
 * for all memory there is, would take the page with it.
 *
 * @typedef {{kind: "try", id: number, engine: import("./session.js").Engine, bytes: Uint8Array,
 *   graph: import("./graph.js").Graph, file: string}} Try
 * @typedef {(bytes: Uint8Array, graph: import("./graph.js").Graph, file: string) => Promise<void>} Trial
 */

/** From when the engine has started. What takes longer for two values follows no hand either. */
const LONGEST_MS = 2000;

/** Bytes. The engine itself has 20 MB, and a model of 300 MB with all that is made of its weights less than this. */
const MOST_MEMORY = 3 * 2 ** 29;

/** All that it gives for two values: two images of 4 Mpixel in colour have 96 MiB. */
const LARGEST = 2 ** 27;

/**
 * @param {string} assets absolute URL of the web folder, with trailing slash
 * @returns {Trial} fails with a sentence where the graph does not come back; whether what it gives is what the card says,
 *   who opens it finds out
 */
export function createTrial(assets) {
  return async (bytes, graph, file) => {
    const engine = await engineOf(assets);
    const worker = startWorker("engine/decoder-worker.js", assets);
    /** @type {number | undefined} */
    let timer;
    try {
      await new Promise((resolve, reject) => {
        const refuse = (/** @type {string} */ sentence) => reject(new InstrumentError(sentence));
        worker.addEventListener("error", () => refuse(`${file} crashed the worker that tried it: use another model.`));
        worker.addEventListener("message", ({ data }) => {
          if (data.started) {
            const late = `${file} did not finish two values within ${LONGEST_MS / 1000} seconds: use a smaller model.`;
            timer = window.setTimeout(() => refuse(late), LONGEST_MS);
          } else if (data.sentence !== undefined) refuse(data.sentence);
          else resolve(data.result);
        });
        /** @type {Try} */
        const message = { kind: "try", id: 0, engine, bytes, graph, file };
        worker.postMessage(message);
      });
    } finally {
      clearTimeout(timer);
      worker.terminate();
    }
  };
}

/**
 * In the worker: two values go through the graph.
 *
 * @param {any} ort what `startEngine` gave
 * @param {Try} message
 */
export async function runTrial(ort, { bytes, graph, file }) {
  const feeds = Object.fromEntries(graph.inputs.map((port) => [port.name, filled(ort, port)]));
  const asksForMore = boundMemory();
  let given;
  try {
    const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
    given = await session.run(feeds);
  } catch (error) {
    if (asksForMore())
      throw new InstrumentError(`${file} asks for more memory than a page has: use a smaller model.`, error);
    return; // what opens it says what is wrong with it
  }
  const size = Object.values(given).reduce((sum, { data }) => sum + data.byteLength, 0);
  if (size > LARGEST) {
    throw new InstrumentError(
      `${file} gives ${Math.round(size / 2 ** 20).toLocaleString("en")} MiB for two values, more than a page can take: ` +
        "use a smaller model.",
    );
  }
}

/**
 * Lets the engine of this worker take no more memory than that. A page could not give back what it took.
 *
 * @returns {() => boolean} whether it asked for more
 */
function boundMemory() {
  const { grow } = WebAssembly.Memory.prototype;
  let asked = false;
  WebAssembly.Memory.prototype.grow = function (pages) {
    asked ||= this.buffer.byteLength + 2 ** 16 * pages > MOST_MEMORY;
    if (asked) throw new RangeError("a trial takes no more memory");
    return grow.call(this, pages);
  };
  return () => asked;
}

/** @param {any} ort @param {import("./graph.js").Port} port */
function filled(ort, { dtype, shape }) {
  const dims = shape.map((size) => (typeof size === "number" ? size : 2));
  const count = dims.reduce((product, size) => product * size, 1);
  const arrays = { float32: Float32Array, int64: BigInt64Array, int32: Int32Array };
  return new ort.Tensor(dtype, new (arrays[/** @type {keyof typeof arrays} */ (dtype)] ?? Float32Array)(count), dims);
}
