import { readSafetensors } from "../checkpoint/safetensors.js";
import { allFinite } from "../engine/pixels.js";
import { InstrumentError } from "../errors.js";
import { alongRows } from "../latents/films.js";
import { openModel } from "../model/model.js";
import { present } from "../present.js";
import { getBytes } from "../shelf/http.js";

/**
 * @typedef {import("../checkpoint/contract.js").Card} Card
 *
 * @typedef {{key: string, entry: import("../checkpoint/checkpoint.js").Entry, card: Card}} Place of a model of the table
 *
 * A model of the table, ready to decode.
 *
 * @typedef {object} TableModel
 * @property {string} name
 * @property {number} latents
 * @property {(z: ArrayLike<number>) => Promise<Float32Array>} decode on this thread, for what must be there in the same frame
 * @property {(at: number, pixels: () => Promise<Float32Array>) => Promise<ArrayLike<number>>} encode the posterior mean of
 *   the example `at`: kept with the model, or else what its encoder makes of the pixels, C×H×W in [0, 1]
 * @property {(z: number[], latents: number[], steps: number[]) => Promise<ArrayBuffer>} rows decoded in the worker: RGBA of
 *   a row of images for each of `latents`, which alone goes through the steps
 * @property {Promise<void>} ready once the worker has opened it too
 * @property {() => void} release
 */

/** @type {Omit<import("../checkpoint/contract.js").Port, "name" | "shape" | "role">} */
const NUMBERS = { dtype: "float32", control: null };

/**
 * The card of a model that a table keeps: the table says what it measured, and the card of the examples what its images are
 * like. Every table so far holds models with one continuous control.
 *
 * @param {import("./table.js").Stage} stage
 * @param {Card & {output: import("../checkpoint/contract.js").Pixels}} examples
 * @returns {Card}
 */
export function cardOf(stage, examples) {
  const size = stage.latents.length;
  const { shape } = examples.output;
  return {
    ...examples,
    controls: [{ kind: "continuous", name: "z", size, prior: "standard_normal", levels: null }],
    latents: stage.latents,
    files: stage.files ?? {},
    graphs: {
      decode: {
        file: "decoder.onnx",
        inputs: [{ ...NUMBERS, name: "z", shape: ["batch", size], role: "value", control: "z" }],
        outputs: [{ ...NUMBERS, name: "mean", shape: ["batch", ...shape], role: "image" }],
      },
      encode: {
        file: "encoder.onnx",
        inputs: [{ ...NUMBERS, name: "x", shape: ["batch", ...shape], role: "image" }],
        outputs: [
          { ...NUMBERS, name: "mean", shape: ["batch", size], role: "mean", control: "z" },
          { ...NUMBERS, name: "log_variance", shape: ["batch", size], role: "log_variance", control: "z" },
        ],
      },
      step: null,
    },
  };
}

/**
 * @param {{engine: Promise<any>, worker: import("../model/worker.js").DecodingWorker, gone: AbortSignal}} options
 * @returns {(place: Place) => Promise<TableModel>}
 */
export function opener({ engine, worker, gone }) {
  return async ({ entry, card }) => {
    const model = await openModel(entry, { engine, signal: gone, card });
    const { bytes, expected } = present(model.decoder);
    const remote = worker.open(bytes, expected);
    const latents = model.latents.length;
    const { id: name, again } = entry;
    /** @type {Promise<Float32Array> | null} */
    let means = null;

    /** @returns {Promise<Float32Array>} the posterior means of the examples, one after the other */
    async function readMeans() {
      const bytes = await getBytes(entry, "codes.safetensors", gone, card.files);
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
      ready: remote.ready,
      decode: (z) => model.decode([{ z }]),
      async encode(at, pixels) {
        if (!card.files["codes.safetensors"]) {
          return present((await present(model.encoder).encode(await pixels(), model.start)).mean);
        }
        means ??= readMeans();
        const mean = (await means).slice(at * latents, (at + 1) * latents);
        if (mean.length === latents) return mean;
        throw new InstrumentError(`${name}/codes.safetensors has no code of image ${at}: ${again}`);
      },
      async rows(z, some, steps) {
        const rows = some.map((latent) => ({ control: "z", latent, steps }));
        const codes = alongRows(model.tensors([{ z }]), rows);
        return (await remote.sheet(codes, rows.length * steps.length, steps.length)).buffer;
      },
      release() {
        remote.close();
        model.release();
      },
    };
  };
}
