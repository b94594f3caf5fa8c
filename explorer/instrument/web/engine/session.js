import { InstrumentError } from "../errors.js";
import { addressOf, fetchFile, isHeld } from "../shelf/held.js";

/**
 * A model of one Identity node. Opening it starts the engine while the decoder is still on its way, and tells a
 * browser that cannot run WebAssembly from a decoder that is broken.
 */
const IDENTITY = "CAg6NwoQCgF4EgF5IghJZGVudGl0eRIBaVoPCgF4EgoKCAgBEgQKAggBYg8KAXkSCgoICAESBAoCCAFCBAoAEA0=";

/** Nodes of operators that repeat others, as a file has them: field 4 of the node, its length, its letters. */
const LOOPS = ['"\x04Loop', '"\x04Scan', '"\x0bSequenceMap'].map((node) =>
  Uint8Array.from(node, (letter) => letter.charCodeAt(0)),
);

export const EXPORT_AGAIN = "export it again with `python -m training export` and reload.";

/** @type {Promise<any> | null} */
let engine = null;

/**
 * Where a browser finds onnxruntime-web, or what it is: from disk, a worker can neither import nor fetch what its page
 * holds.
 *
 * @typedef {{module: string, wasm: string | ArrayBuffer}} Engine
 *
 * @param {string} assets absolute URL of the web folder, with trailing slash
 * @returns {Promise<Engine>}
 */
export async function engineOf(assets) {
  const [module, wasm] = ["vendor/ort.wasm.bundle.min.mjs", "vendor/ort-wasm-simd-threaded.wasm"];
  if (!isHeld()) return { module: addressOf(module, assets), wasm: addressOf(wasm, assets) };
  const [source, bytes] = await Promise.all(
    [module, wasm].map(async (name) => (await fetchFile(new URL(name, assets))).arrayBuffer()),
  );
  const letters = encodeURIComponent(new TextDecoder().decode(source));
  return { module: `data:text/javascript,${letters}`, wasm: bytes };
}

/**
 * Starts onnxruntime-web once for this thread.
 *
 * @param {string | Engine} at absolute URL of the web folder, with trailing slash, or where in it the engine is
 * @returns {Promise<any>} the onnxruntime-web module
 */
export function startEngine(at) {
  engine ??= start(at).catch((error) => {
    engine = null;
    throw error;
  });
  return engine;
}

/** @param {string | Engine} at */
async function start(at) {
  if (typeof WebAssembly !== "object") {
    throw new InstrumentError(
      "This browser cannot run WebAssembly, which decodes the images: switch it on in the browser's settings, or open " +
        "this page in a current Firefox, Chrome, Edge or Safari.",
    );
  }
  try {
    const { module, wasm } = typeof at === "string" ? await engineOf(at) : at;
    const ort = await import(module);
    if (typeof wasm === "string") ort.env.wasm.wasmPaths = { wasm };
    else ort.env.wasm.wasmBinary = wasm;
    // A second thread in the worker takes the pointer's core where there are two: a drag then paints fewer frames.
    ort.env.wasm.numThreads = 1;
    ort.env.logLevel = "error";
    const bytes = Uint8Array.from(atob(IDENTITY), (letter) => letter.charCodeAt(0));
    await (await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] })).release();
    return ort;
  } catch (error) {
    throw new InstrumentError(
      "The decoding engine did not start: reload the page, and if that does not help, restart the explorer and try a " +
        "current Firefox, Chrome, Edge or Safari.",
      error,
    );
  }
}

/** @param {Uint8Array} bytes of an ONNX file @param {string} file its name */
function refuseLoops(bytes, file) {
  for (let at = bytes.indexOf(LOOPS[0][0]); at >= 0; at = bytes.indexOf(LOOPS[0][0], at + 1)) {
    if (!LOOPS.some((node) => node.every((byte, by) => bytes[at + by] === byte))) continue;
    throw new InstrumentError(
      `${file} contains a loop, which might never end and would block this page: export it without loops.`,
    );
  }
}

/** The last run of any session of this thread. @type {Promise<unknown>} */
let last = Promise.resolve();

/**
 * Sessions of one thread share one WebAssembly stack, which a run gives back as it found it: two at once would each take
 * what the other has put there.
 *
 * @template T
 * @param {() => Promise<T>} run
 * @returns {Promise<T>}
 */
function inTurn(run) {
  const mine = last.then(run);
  last = mine.catch(() => {});
  return mine;
}

/**
 * @param {any} ort what `startEngine` gave
 * @param {Uint8Array} bytes of an ONNX file
 * @param {string} file its name
 * @param {string} again what to do where it is none
 * @returns {Promise<any>} its session
 */
export async function openSession(ort, bytes, file, again) {
  refuseLoops(bytes, file);
  try {
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: ["wasm"],
      graphOptimizationLevel: "all",
    });
    return {
      inputNames: session.inputNames,
      outputNames: session.outputNames,
      run: (/** @type {unknown[]} */ ...given) => inTurn(() => session.run(...given)),
      release: () => session.release(),
    };
  } catch (error) {
    throw new InstrumentError(`${file} is not a model this browser can run: ${again}`, error);
  }
}
