import { InstrumentError } from "../errors.js";
import { present } from "../present.js";
import { openGraph, times } from "./graph.js";
import { allFinite } from "./pixels.js";
import { EXPORT_AGAIN } from "./session.js";

/**
 * What an encoder says of one image: a mean of some controls and, where it has one, a log-variance; the value itself of others,
 * and how likely each of their values is (`logits`).
 *
 * @typedef {{mean: Record<string, Float32Array>, logVariance: Record<string, Float32Array>,
 *   value: Record<string, Float32Array | BigInt64Array>, logits: Record<string, Float32Array>}} Encoded by the name of the control
 * @typedef {{encode(x: import("./graph.js").Tensor | null, given: import("./decoder.js").Tensors): Promise<Encoded>,
 *   release(): void}} Encoder `x`: the image; `given`: the values of the controls that the encoder takes beside it
 */

const OUTPUTS = /** @type {const} */ ({ mean: "mean", log_variance: "logVariance", value: "value", logits: "logits" });

/**
 * Opens an encoder and tries it, so that a wrong file is refused before anything is read from it.
 *
 * @param {any} ort what `startEngine` gave
 * @param {Uint8Array} bytes
 * @param {{name: string, graph: import("./graph.js").Graph, try: {x: import("./graph.js").Tensor | null,
 *   given: import("./decoder.js").Tensors}, again?: string}} expected `try`: what it is tried on, such as an image of grey
 * @returns {Promise<Encoder>}
 */
export async function openEncoder(ort, bytes, { name, graph, try: tried, again = EXPORT_AGAIN }) {
  const file = `${name}/${graph.file}`;
  const opened = await openGraph(ort, bytes, { file, graph, again });

  /** @type {Encoder["encode"]} */
  async function encode(x, given) {
    const feeds = graph.inputs.map(({ name, role, control }) => [
      name,
      role === "image" ? present(x) : given[present(control)],
    ]);
    const found = await opened.run(Object.fromEntries(feeds));
    /** @type {Encoded} */
    const encoded = { mean: {}, logVariance: {}, value: {}, logits: {} };
    for (const { name, dtype, shape, role, control } of graph.outputs) {
      const { type, dims, data } = found[name];
      const asked = [1, ...shape.slice(1)];
      if (type !== dtype || dims.join() !== asked.join()) {
        throw new InstrumentError(
          `${file} gives \`${name}\` as ${type} ${times(dims)} for one image, where the card says ${dtype} ${times(asked)}: ` +
            again,
        );
      }
      if (type === "float32" && !allFinite(data)) {
        throw new InstrumentError(`${file} returns NaN or infinity for this image: train it again, then export it.`);
      }
      const kind = OUTPUTS[/** @type {keyof typeof OUTPUTS} */ (role)];
      if (kind && control) /** @type {any} */ (encoded[kind])[control] = data;
    }
    return encoded;
  }

  try {
    await encode(tried.x, tried.given);
  } catch (error) {
    opened.release();
    if (error instanceof InstrumentError) throw error;
    const image = tried.x ? `one image of the card's ${times(tried.x.dims.slice(1))} values, float32` : "one value";
    throw new InstrumentError(`${file} does not encode ${image}: ${again}`, error);
  }
  return { encode, release: opened.release };
}

/** @param {import("./pixels.js").Shape} shape @returns {import("./graph.js").Tensor} an image of grey */
export const grey = (shape) => imageTensor(new Float32Array(shape[0] * shape[1] * shape[2]).fill(0.5), shape);

/** @param {Float32Array} pixels C×H×W in [0, 1] @param {import("./pixels.js").Shape} shape @returns {import("./graph.js").Tensor} */
export const imageTensor = (pixels, shape) => ({ type: "float32", data: pixels, dims: [1, ...shape] });
