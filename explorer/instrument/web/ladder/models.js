import { readSafetensors } from "../checkpoint/safetensors.js";
import { ofLatents, openDecoder } from "../engine/decoder.js";
import { imageTensor, openEncoder, toLatents } from "../engine/encoder.js";
import { allFinite } from "../engine/pixels.js";
import { startEngine } from "../engine/session.js";
import { InstrumentError } from "../errors.js";
import { alongRows } from "../latents/films.js";
import { getBytes } from "../shelf/http.js";

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
 * @property {(z: number[], rows: {latent: number, steps: number[]}[]) => Promise<ArrayBuffer>} rows decoded in the
 *   worker: RGBA of a row of images each, of `z` with one latent at each of the steps
 * @property {() => void} release
 *
 * @typedef {{key: string, folder: import("../shelf/http.js").Folder, files: import("../shelf/http.js").Files | null,
 *   latents: number}} Place
 */

/**
 * @param {{assets: string, worker: import("../model/worker.js").DecodingWorker,
 *   shape: import("../engine/pixels.js").Shape, gone: AbortSignal}} options
 * @returns {(place: Place) => Promise<Model>}
 */
export function opener({ assets, worker, shape, gone }) {
  return async (place) => {
    const { folder, files, latents } = place;
    const { id: name, again } = folder;
    const described = { name, latents, shape, again };
    const expected = ofLatents(described);
    const fetched = (/** @type {string} */ file) => getBytes(folder, file, gone, files);
    const [ort, bytes] = await Promise.all([startEngine(assets), fetched("decoder.onnx")]);
    const decoder = await openDecoder(ort, bytes, expected);
    const remote = worker.open(bytes, expected);
    /** @type {Promise<import("../engine/encoder.js").Encoder> | null} */
    let encoder = null;
    /** @type {Promise<Float32Array> | null} */
    let means = null;

    /** @returns {Promise<Float32Array>} the posterior means of the examples, one after the other */
    async function readMeans() {
      const bytes = await fetched("codes.safetensors");
      const file = `${name}/codes.safetensors`;
      const mean = readSafetensors(bytes.buffer, file, ["mean"], again).get("mean");
      if (!(mean?.data instanceof Float32Array) || mean.shape.length !== 2 || mean.shape[1] !== latents) {
        throw new InstrumentError(`${file} holds no \`mean\` of ${latents} latents an image: ${again}`);
      }
      if (!allFinite(mean.data)) throw new InstrumentError(`${file} holds values that are not numbers: ${again}`);
      return mean.data;
    }

    /** @param {Float32Array} codes @param {number} count @returns {import("../engine/decoder.js").Tensors} */
    const tensors = (codes, count) => ({ z: { type: "float32", data: codes, dims: [count, latents] } });

    return {
      name,
      latents,
      decode: (codes, count) => decoder.decode(tensors(codes, count), count),
      async encode(at, pixels) {
        if (files?.["codes.safetensors"]) {
          means ??= readMeans();
          const mean = (await means).slice(at * latents, (at + 1) * latents);
          if (mean.length === latents) return mean;
          throw new InstrumentError(`${name}/codes.safetensors has no code of image ${at}: ${again}`);
        }
        encoder ??= fetched("encoder.onnx").then((bytes) => openEncoder(ort, bytes, toLatents(described)));
        return (await (await encoder).encode(imageTensor(await pixels(), shape), {})).mean.z;
      },
      async rows(z, rows) {
        const columns = rows[0].steps.length;
        const codes = alongRows(tensors(Float32Array.from(z), 1), "z", rows);
        return (await remote.sheet(codes, rows.length * columns, columns)).buffer;
      },
      release() {
        decoder.release();
        remote.close();
        encoder?.then(
          (encoder) => encoder.release(),
          () => {},
        );
      },
    };
  };
}
