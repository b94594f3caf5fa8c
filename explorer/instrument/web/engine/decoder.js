import { InstrumentError } from "../errors.js";
import { present } from "../present.js";
import { openGraph, times } from "./graph.js";
import { allFinite } from "./pixels.js";
import { EXPORT_AGAIN } from "./session.js";

/**
 * @typedef {Record<string, import("../spaces/index.js").Tensor>} Tensors a batch of values for each control, by its name
 * @typedef {{decode(tensors: Tensors, count: number): Promise<Float32Array>, release(): void}} Decoder
 * @typedef {object} Expected what the card says of a decoder
 * @property {string} name of the checkpoint
 * @property {import("./graph.js").Graph} graph
 * @property {Tensors} start one value of each control, to try it on
 * @property {number[]} gives the sizes of what it makes of one value
 * @property {string} [again] what to do where the file is not that
 */

/**
 * Opens a decoder and tries it on two values at once, so that a wrong file is refused before anything is drawn from it.
 *
 * @param {any} ort what `startEngine` gave
 * @param {Uint8Array} bytes
 * @param {Expected} expected
 * @returns {Promise<Decoder>}
 */
export async function openDecoder(ort, bytes, { name, graph, start, gives, again = EXPORT_AGAIN }) {
  const file = `${name}/${graph.file}`;
  const opened = await openGraph(ort, bytes, { file, graph, again });
  const port = present(graph.outputs.find(({ role }) => role === "image" || role === "logits"));
  const taken = graph.inputs.filter(({ role }) => role === "value");

  /** @param {Tensors} tensors @param {number} count */
  async function decode(tensors, count) {
    const feeds = taken.map((input) => [input.name, tensors[present(input.control)]]);
    const found = (await opened.run(Object.fromEntries(feeds)))[port.name];
    const asked = [count, ...gives];
    if (found.type !== "float32" || found.dims.join() !== asked.join()) {
      throw new InstrumentError(
        `${file} gives \`${port.name}\` as ${found.type} ${times(found.dims)} for ${count} code${count === 1 ? "" : "s"}, ` +
          `where the card says float32 ${times(asked)}: ${again}`,
      );
    }
    return found.data;
  }

  async function check() {
    let values;
    try {
      values = await decode(repeated(start, 2), 2);
    } catch (error) {
      if (error instanceof InstrumentError) throw error;
      throw new InstrumentError(`${file} does not decode two codes of ${sizes(taken)}, at once: ${again}`, error);
    }
    if (!allFinite(values)) {
      throw new InstrumentError(`${file} returns NaN or infinity: train it again, then export it.`);
    }
  }

  try {
    await check();
  } catch (error) {
    opened.release();
    throw error;
  }
  return { decode, release: opened.release };
}

/** @param {import("./graph.js").Port[]} ports @returns {string} */
function sizes(ports) {
  const [first, ...more] = ports;
  if (!more.length && first.shape.length === 2 && first.dtype === "float32")
    return `the card's ${first.shape[1]} latents, float32`;
  return ports
    .map(({ name, dtype, shape }) => `\`${name}\`, ${dtype} ${times(["2", ...shape.slice(1)])}`)
    .join(", and ");
}

/**
 * @param {Tensors} tensors of one value
 * @param {number} count
 * @returns {Tensors} that repeat the value `count` times
 */
export function repeated(tensors, count) {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { type, data, dims }]) => {
      const size = data.length;
      const all = type === "float32" ? new Float32Array(count * size) : new BigInt64Array(count * size);
      for (let at = 0; at < count; at++) /** @type {any} */ (all).set(data, at * size);
      return [name, /** @type {any} */ ({ type, data: all, dims: [count, ...dims.slice(1)] })];
    }),
  );
}
