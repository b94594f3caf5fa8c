import { get } from "./checkpoint.js";
import { InstrumentError } from "./errors.js";
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
  const tensors = readSafetensors(await (await get(entry, "codes.safetensors", signal)).arrayBuffer(), file);
  const { count } = card.examples;
  const latents = card.controls.latents;
  const factors = card.data?.factors?.length ?? 0;

  /** @param {string} name @param {number} size @param {boolean} needed */
  function values(name, size, needed) {
    const data = tensors.get(name)?.data;
    if (data === undefined && !needed) return null;
    if (data?.length !== size || !data.every(Number.isFinite)) {
      throw new InstrumentError(
        `${file} does not fit its card's ${count} examples: export the checkpoint again.`,
      );
    }
    return data;
  }

  /** @param {string} name @param {number} size @param {boolean} [needed] @returns {any} */
  const floats = (name, size, needed = false) => {
    const data = values(name, size, needed);
    return data && (data instanceof Float32Array ? data : Float32Array.from(data));
  };
  /** @param {string} name @param {number[]} sizes of what each of its columns counts @returns {any} */
  const integers = (name, sizes) => {
    const data = values(name, count * sizes.length, false);
    if (data && !data.every((value, at) => value >= 0 && value < sizes[at % sizes.length])) {
      throw new InstrumentError(`${file} holds a ${name} that its card does not have: export the checkpoint again.`);
    }
    return data && (data instanceof Int32Array ? data : Int32Array.from(data));
  };

  const label = card.data?.labels ? integers("label", [card.data.labels.length]) : null;
  return {
    count,
    latents,
    mean: floats("mean", count * latents, true),
    logVariance: floats("log_variance", count * latents, true),
    labels: Array.from({ length: count }, (_, at) => card.data?.labels?.[label?.[at]] ?? null),
    label,
    factors: factors ? integers("factors", card.data.factors.map(({ size }) => size)) : null,
    reconstruction: floats("reconstruction", count),
    maps: card.map ? { umap: floats("umap", 2 * count), pca: floats("pca", 2 * count) } : {},
  };
}
