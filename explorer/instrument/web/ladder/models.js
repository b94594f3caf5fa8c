import { readSafetensors } from "../checkpoint/safetensors.js";
import { ofLatents, openDecoder } from "../engine/decoder.js";
import { imageTensor, openEncoder, toLatents } from "../engine/encoder.js";
import { allFinite } from "../engine/pixels.js";
import { startEngine } from "../engine/session.js";
import { InstrumentError } from "../errors.js";

/**
 * A model of the table, ready to decode.
 *
 * @typedef {object} Model
 * @property {string} name
 * @property {number} latents
 * @property {(codes: Float32Array, count: number) => Promise<Float32Array>} decode codes one after the other, on this
 *   thread: for what must be there in the same frame
 * @property {(at: number, pixels: () => Promise<Float32Array>) => Promise<Float32Array>} encode the posterior mean of the
 *   example `at`: kept with the model, or else what its encoder makes of the pixels, C×H×W in [0, 1]
 * @property {(codes: Float32Array, columns: number) => Promise<ArrayBuffer | null>} sheet decoded in the worker
 * @property {() => void} release
 *
 * @typedef {{key: string, folder: URL, files: Record<string, {bytes: number}> | null, latents: number}} Place
 */

/**
 * Keeps the models that were asked for last.
 *
 * @template {{release(): void}} T
 * @param {(place: Place) => Promise<T>} open
 * @param {number} most how many
 */
export function createCache(open, most) {
  /** @type {Map<string, {model: T | null, opening: Promise<T>}>} the one asked for last at the end */
  const held = new Map();

  /** @param {{opening: Promise<T>}} entry */
  const release = ({ opening }) =>
    opening.then(
      (model) => model.release(),
      () => {},
    );

  return {
    /** @param {Place} place @returns {Promise<T>} opened once; after a failure the next to ask tries again */
    get(place) {
      const { key } = place;
      let entry = held.get(key);
      if (!entry) {
        /** @type {{model: T | null, opening: Promise<T>}} */
        const made = { model: null, opening: open(place) };
        entry = made;
        made.opening.then(
          (model) => (made.model = model),
          () => held.get(key) === made && held.delete(key),
        );
      }
      held.delete(key);
      held.set(key, entry);
      for (const [oldest, other] of held) {
        if (held.size <= most) break;
        held.delete(oldest);
        release(other);
      }
      return entry.opening;
    },
    /** @param {string} key @returns {T | null} without asking for it */
    peek: (key) => held.get(key)?.model ?? null,
    destroy() {
      for (const entry of held.values()) release(entry);
      held.clear();
    },
  };
}

/**
 * @param {{assets: string, sheets: ReturnType<typeof import("./sheets.js").createSheets>,
 *   shape: import("../engine/pixels.js").Shape, again: string, gone: AbortSignal}} options `again`: what to do where a
 *   file is not what it should be
 * @returns {(place: Place) => Promise<Model>}
 */
export function opener({ assets, sheets, shape, again, gone }) {
  /** @param {Place} place @param {string} file @param {string} name @returns {Promise<Uint8Array<ArrayBuffer>>} */
  async function fetched({ folder, files }, file, name) {
    let answer;
    try {
      answer = await fetch(new URL(file, folder), { signal: gone });
    } catch (error) {
      if (gone.aborted) throw error;
      throw new InstrumentError(
        `${name}/${file} could not be fetched: check that the explorer is still running, then reload the page.`,
        error,
      );
    }
    if (!answer.ok) throw new InstrumentError(`${name}/${file} is missing or not what its table says: ${again}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (files?.[file] && files[file].bytes !== bytes.length) {
      throw new InstrumentError(
        `${name}/${file} has ${bytes.length} bytes where its table says ${files[file].bytes}: ${again}`,
      );
    }
    return bytes;
  }

  return async (place) => {
    const { key, folder, latents } = place;
    const name = decodeURIComponent(folder.pathname.replace(/^.*\/(results|checkpoints)\//, "").replace(/\/$/, ""));
    const described = { name, latents, shape, again };
    const expected = ofLatents(described);
    const [ort, bytes] = await Promise.all([startEngine(assets), fetched(place, "decoder.onnx", name)]);
    const [decoder] = await Promise.all([openDecoder(ort, bytes, expected), sheets.open(key, bytes, expected)]);
    /** @type {Promise<import("../engine/encoder.js").Encoder> | null} */
    let encoder = null;
    /** @type {Promise<Float32Array> | null} */
    let means = null;

    /** @returns {Promise<Float32Array>} the posterior means of the examples, one after the other */
    async function readMeans() {
      const bytes = await fetched(place, "codes.safetensors", name);
      const file = `${name}/codes.safetensors`;
      const mean = readSafetensors(bytes.buffer, file, ["mean"], again).get("mean");
      if (!(mean?.data instanceof Float32Array) || mean.shape.length !== 2 || mean.shape[1] !== latents) {
        throw new InstrumentError(`${file} holds no \`mean\` of ${latents} latents an image: ${again}`);
      }
      if (!allFinite(mean.data)) throw new InstrumentError(`${file} holds values that are not numbers: ${again}`);
      return mean.data;
    }

    return {
      name,
      latents,
      decode: (codes, count) => decoder.decode({ z: { type: "float32", data: codes, dims: [count, latents] } }, count),
      async encode(at, pixels) {
        if (place.files?.["codes.safetensors"]) {
          means ??= readMeans();
          const mean = (await means).slice(at * latents, (at + 1) * latents);
          if (mean.length === latents) return mean;
          throw new InstrumentError(`${name}/codes.safetensors has no code of image ${at}: ${again}`);
        }
        encoder ??= fetched(place, "encoder.onnx", name).then((bytes) => openEncoder(ort, bytes, toLatents(described)));
        return (await (await encoder).encode(imageTensor(await pixels(), shape), {})).mean.z;
      },
      sheet: (codes, columns) => sheets.decode(key, codes, latents, columns),
      release() {
        decoder.release();
        sheets.close(key);
        encoder?.then(
          (encoder) => encoder.release(),
          () => {},
        );
      },
    };
  };
}
