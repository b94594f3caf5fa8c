import { InstrumentError } from "../errors.js";
import { present } from "../present.js";
import { get } from "./checkpoint.js";
import { readSafetensors } from "./safetensors.js";

/**
 * What the encoder made of the images that came with a checkpoint, and where they lie on its maps.
 *
 * @typedef {object} Embedding
 * @property {number} count of images, N
 * @property {number} latents D
 * @property {Float32Array} mean N·D, of the posteriors
 * @property {Float32Array} logVariance N·D, of the posteriors
 * @property {(string | null)[]} labels the name of each image's class
 * @property {Int32Array | null} label the class of each image
 * @property {Int32Array | null} factors N·F
 * @property {Float32Array | null} reconstruction N, −ln p(x|z) at the posterior mean in nats
 * @property {{umap?: Float32Array, pca?: Float32Array}} maps N·2 each
 */

/**
 * @param {import("./checkpoint.js").Entry} entry
 * @param {import("./checkpoint.js").Card} card
 * @param {AbortSignal} signal
 * @returns {Promise<Embedding>}
 */
export async function fetchEmbedding(entry, card, signal) {
  const file = `${entry.id}/codes.safetensors`;
  const { count } = card.examples;
  const latents = card.space.size;
  const factors = card.data?.factors?.length ?? 0;
  /** The arrays that are read, and what the card says of their shapes. @type {Record<string, number[]>} */
  const shapes = {
    mean: [count, latents],
    log_variance: [count, latents],
    reconstruction: [count],
    ...(card.data?.labels && { label: [count] }),
    ...(factors && { factors: [count, factors] }),
    ...(card.map && { umap: [count, 2], pca: [count, 2] }),
  };
  const answer = await get(entry, "codes.safetensors", signal);
  const tensors = readSafetensors(await answer.arrayBuffer(), file, Object.keys(shapes));
  const refuse = (/** @type {string} */ reason) =>
    new InstrumentError(`${file} ${reason}: run \`python -m training embed ${entry.path ?? "FOLDER"}\` again.`);

  /** @param {string} name @param {boolean} needed */
  function values(name, needed) {
    const tensor = tensors.get(name);
    if (tensor === undefined && !needed) return null;
    if (!tensor || String(tensor.shape) !== String(shapes[name]) || !tensor.data.every(Number.isFinite)) {
      throw refuse(`holds no \`${name}\` that fits its card's ${count} examples`);
    }
    return tensor.data;
  }

  /** @param {string} name @param {boolean} [needed] @returns {any} */
  const floats = (name, needed = false) => {
    const data = values(name, needed);
    return data && (data instanceof Float32Array ? data : Float32Array.from(data));
  };
  /** @param {string} name @param {number[]} sizes of what each of its columns counts @returns {any} */
  const integers = (name, sizes) => {
    const data = values(name, false);
    if (data && !data.every((value, at) => value >= 0 && value < sizes[at % sizes.length])) {
      throw refuse(`holds a ${name} that its card does not have`);
    }
    return data && (data instanceof Int32Array ? data : Int32Array.from(data));
  };

  const label = card.data?.labels ? integers("label", [card.data.labels.length]) : null;
  return {
    count,
    latents,
    mean: floats("mean", true),
    logVariance: floats("log_variance", true),
    labels: Array.from({ length: count }, (_, at) => card.data?.labels?.[label?.[at]] ?? null),
    label,
    factors: factors
      ? integers(
          "factors",
          present(card.data.factors).map(({ size }) => size),
        )
      : null,
    reconstruction: floats("reconstruction"),
    maps: card.map ? { umap: floats("umap", true), pca: floats("pca", true) } : {},
  };
}
