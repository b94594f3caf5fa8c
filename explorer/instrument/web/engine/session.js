import { InstrumentError } from "../errors.js";
import { allFinite } from "./pixels.js";

/** @typedef {import("./pixels.js").Shape} Shape */
/** @typedef {{decode(z: Float32Array, count: number): Promise<Float32Array>, release(): void}} Decoder */

/**
 * A model of one Identity node. Opening it starts the engine while the decoder is still on its way, and tells a
 * browser that cannot run WebAssembly from a decoder that is broken.
 */
const IDENTITY = "CAg6NwoQCgF4EgF5IghJZGVudGl0eRIBaVoPCgF4EgoKCAgBEgQKAggBYg8KAXkSCgoICAESBAoCCAFCBAoAEA0=";

/** A node of the operator Loop, as the file has it: field 4 of the node, of four letters. Our models need none. */
const LOOP = Uint8Array.from('"\x04Loop', (letter) => letter.charCodeAt(0));

export const EXPORT_AGAIN = "export it again with `python -m training export` and reload.";

/** @type {Promise<any> | null} */
let engine = null;

/**
 * Starts onnxruntime-web once for this thread.
 *
 * @param {string} assets absolute URL of the web folder, with trailing slash
 * @returns {Promise<any>} the onnxruntime-web module
 */
export function startEngine(assets) {
  engine ??= start(assets).catch((error) => {
    engine = null;
    throw error;
  });
  return engine;
}

/** @param {string} assets */
async function start(assets) {
  if (typeof WebAssembly !== "object") {
    throw new InstrumentError(
      "This browser cannot run WebAssembly, which decodes the images: switch it on in the browser's settings, or open " +
        "this page in a current Firefox, Chrome, Edge or Safari.",
    );
  }
  try {
    const ort = await import(new URL("vendor/ort.wasm.bundle.min.mjs", assets).href);
    ort.env.wasm.wasmPaths = { wasm: new URL("vendor/ort-wasm-simd-threaded.wasm", assets).href };
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
  for (let at = bytes.indexOf(LOOP[0]); at >= 0; at = bytes.indexOf(LOOP[0], at + 1)) {
    if (!LOOP.every((byte, by) => bytes[at + by] === byte)) continue;
    throw new InstrumentError(
      `${file} holds a loop, and one that never ends would hold up this page for good: export it without.`,
    );
  }
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
    return await ort.InferenceSession.create(bytes, {
      executionProviders: ["wasm"],
      graphOptimizationLevel: "all",
    });
  } catch (error) {
    throw new InstrumentError(`${file} is not a model this browser can run: ${again}`, error);
  }
}

/**
 * Opens a decoder and tries it on two codes at the origin, so that a wrong file is refused before anything is drawn from
 * it.
 *
 * @param {any} ort what `startEngine` gave
 * @param {Uint8Array} bytes decoder.onnx
 * @param {{name: string, latents: number, shape: Shape, again?: string}} expected from the card; `again` is what to do
 *   where the file is not that
 * @returns {Promise<Decoder>}
 */
export async function openDecoder(ort, bytes, { name, latents, shape, again = EXPORT_AGAIN }) {
  const file = `${name}/decoder.onnx`;
  const session = await openSession(ort, bytes, file, again);
  const decoder = {
    /** @param {Float32Array} z `count` codes, one after the other @param {number} count */
    async decode(z, count) {
      const { mean } = await session.run({ z: new ort.Tensor("float32", z, [count, latents]) }, ["mean"]);
      const found = `${mean.type} ${mean.dims.join(" × ")}`;
      const asked = `float32 ${[count, ...shape].join(" × ")}`;
      if (found !== asked) {
        throw new InstrumentError(
          `${file} gives \`mean\` as ${found} for ${count} code${count === 1 ? "" : "s"}, where the card says ${asked}: ` +
            again,
        );
      }
      return mean.data;
    },
    release: () => void session.release(),
  };
  try {
    await check();
  } catch (error) {
    decoder.release();
    throw error;
  }
  return decoder;

  async function check() {
    if (session.inputNames.join() !== "z" || !session.outputNames.includes("mean")) {
      throw new InstrumentError(
        `${file} should take \`z\` and give \`mean\`, but takes \`${session.inputNames}\` and gives ` +
          `\`${session.outputNames}\`: ${again}`,
      );
    }
    let images;
    try {
      images = await decoder.decode(new Float32Array(2 * latents), 2);
    } catch (error) {
      if (error instanceof InstrumentError) throw error;
      throw new InstrumentError(
        `${file} does not decode two codes of the card's ${latents} latents, float32, at once: ${again}`,
        error,
      );
    }
    if (!allFinite(images)) {
      throw new InstrumentError(`${file} returns NaN or infinity: train it again, then export it.`);
    }
  }
}
