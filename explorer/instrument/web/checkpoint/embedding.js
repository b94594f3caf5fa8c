import { InstrumentError } from "../errors.js";
import { isPart } from "../model/numbers.js";
import { present } from "../present.js";
import { get } from "../shelf/http.js";
import { readSafetensors } from "./safetensors.js";

/**
 * What the encoder made of the images that came with a checkpoint, and where they lie on its maps.
 *
 * @typedef {object} Embedding
 * @property {number} count of images, N
 * @property {number} latents D, of the continuous control
 * @property {Float32Array} mean N·D, of the posteriors, or the codes themselves; empty where there is no such control
 * @property {Float32Array | null} logVariance N·D, of the posteriors, where there are any
 * @property {Record<string, Int32Array>} codes of the other controls that the file holds, N times their size
 * @property {(string | null)[]} labels the name of each example's class
 * @property {string[] | null} words that the examples are, of a model of words
 * @property {Int32Array | null} label the class of each image
 * @property {Int32Array | null} factors N·F
 * @property {Float32Array | null} reconstruction N, −ln p(x|z) at the posterior mean in nats
 * @property {{umap?: Float32Array, pca?: Float32Array}} maps N·2 each
 */

/** @param {import("./contract.js").Card["controls"][number]} control @returns {number[]} the sizes of one value in the file */
const sizesOf = (control) =>
  control.kind === "code_grid" ? [control.height, control.width] : control.kind === "tokens" ? [control.longest] : [];

/** @param {import("./contract.js").Card["controls"][number]} control @returns {number} how many different numbers a value is of */
function countOf(control) {
  if (control.kind === "categorical") return control.labels.length;
  return control.kind === "code_grid" ? control.codes : control.kind === "tokens" ? control.alphabet.length + 1 : 0;
}

/**
 * @param {import("../model/model.js").Model} model that came with examples
 * @param {AbortSignal} signal
 * @returns {Promise<Embedding>}
 */
export async function fetchEmbedding({ entry, card, controls, continuous }, signal) {
  const file = `${entry.id}/codes.safetensors`;
  const { count } = present(card.examples);
  const latents = continuous?.size ?? 0;
  const factors = card.data?.factors?.length ?? 0;
  const isPosterior = card.graphs.encode?.outputs.some(({ role }) => role === "log_variance") ?? false;
  const others = controls.filter(({ name }) => !isPart(continuous, name));
  /** The arrays that are read, and what the card says of their shapes. @type {Record<string, number[]>} */
  const shapes = {
    ...Object.fromEntries(others.map((control) => [control.name, [count, ...sizesOf(control)]])),
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

  /** What the data are labelled by may be a control too. @param {import("./contract.js").Card["controls"][number]} control */
  const isLabel = (control) =>
    control.kind === "categorical" && String(control.labels) === String(card.data.labels ?? control.name);
  const label = card.data?.labels ? integers("label", [card.data.labels.length]) : null;
  /** @type {Record<string, Int32Array>} */
  const codes = Object.fromEntries(
    others.flatMap((control) => {
      const data = isLabel(control) ? label : integers(control.name, [countOf(control)]);
      return data ? [[control.name, data]] : [];
    }),
  );
  /** @param {import("../model/model.js").Control} control @param {number} at */
  const spelledIn = (control, at) => {
    const size = codes[control.name].length / count;
    const value = control.space.fromTensor(codes[control.name].subarray(at * size, (at + 1) * size), control);
    return control.space.write(value, control) ?? "";
  };
  const written = others.find(({ kind, name }) => kind === "tokens" && codes[name]);
  return {
    count,
    latents,
    mean: latents ? floats("mean", true) : new Float32Array(0),
    logVariance: latents ? floats("log_variance", isPosterior) : null,
    codes,
    words: written ? Array.from({ length: count }, (_, at) => spelledIn(written, at)) : null,
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

/**
 * Where the controls go for an example: as the file says, else as the encoder makes of its image.
 *
 * @param {number} at the example
 * @param {import("../model/model.js").Model} model
 * @param {Embedding | null} embedding
 * @param {import("./thumbnails.js").Thumbnails | null} thumbnails
 * @param {import("../model/model.js").Codes} now
 * @param {"file" | "encoder"} [by] `encoder`: what it gives, it says itself, and the file the rest
 * @returns {Promise<import("../model/model.js").Codes> | import("../model/model.js").Codes | null} nothing where nothing
 *   is known of it
 */
export function codesOf(at, { controls, continuous, asksEncoder, encoder }, embedding, thumbnails, now, by = "file") {
  if (!embedding) return null;
  /** @type {import("../model/model.js").Codes} */
  const codes = {};
  for (const control of controls) {
    const { name, space } = control;
    const part = continuous?.parts.find((part) => part.name === name);
    if (part) {
      const from = at * embedding.latents + part.at;
      codes[name] = [...embedding.mean.subarray(from, from + part.size)];
    } else if (embedding.codes[name]) {
      const size = embedding.codes[name].length / embedding.count;
      codes[name] = space.fromTensor(embedding.codes[name].subarray(at * size, (at + 1) * size), control);
    }
  }
  const isKnown = !asksEncoder && controls.every((control) => control.name in codes || control.kind === "categorical");
  if ((isKnown && by === "file") || !encoder || !thumbnails) return codes;
  return thumbnails.pixels(at).then(async (pixels) => {
    const found = await encoder.encode(pixels, { ...now, ...codes });
    // What the file holds is the posterior of another part of the image, or with the label as it is known.
    return by === "encoder" || asksEncoder ? { ...codes, ...found.codes } : { ...found.codes, ...codes };
  });
}
