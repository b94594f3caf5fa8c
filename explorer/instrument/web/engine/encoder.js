import { get } from "../checkpoint/checkpoint.js";
import { InstrumentError } from "../errors.js";
import { allFinite } from "./pixels.js";
import { EXPORT_AGAIN, openSession, startEngine } from "./session.js";

/**
 * @typedef {{mean: Float32Array, logVariance: Float32Array}} Posterior
 * @typedef {{encode(x: Float32Array): Promise<Posterior>, release(): void}} Encoder
 */

/**
 * The encoder of an open checkpoint, fetched and opened when it is first needed: most visits never do.
 *
 * @param {Pick<import("../bench.js").Bench, "entry" | "card" | "assets" | "gone">} bench
 * @returns {{open(): Promise<Encoder>, release(): void}} `open` may be called again after it failed
 */
export function createEncoder({ entry, card, assets, gone }) {
  /** @type {Promise<Encoder> | null} */
  let opened = null;

  async function open() {
    const [answer, ort] = await Promise.all([get(entry, "encoder.onnx", gone), startEngine(assets)]);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const expected = card.files?.["encoder.onnx"]?.bytes;
    if (expected !== undefined && expected !== bytes.length) {
      throw new InstrumentError(
        `${entry.id}/encoder.onnx has ${bytes.length} bytes where its card says ${expected}: copy the whole folder ` +
          "again, or export the checkpoint again.",
      );
    }
    const { size: latents } = card.space;
    const encoder = await openEncoder(ort, bytes, { name: entry.id, latents, shape: card.output.shape });
    if (gone.aborted) encoder.release();
    return encoder;
  }

  return {
    open() {
      opened ??= open().catch((error) => {
        opened = null;
        throw error;
      });
      return opened;
    },
    release() {
      opened?.then(
        (encoder) => encoder.release(),
        () => {},
      );
      opened = null;
    },
  };
}

/**
 * Opens an encoder and tries it on an image of grey, so that a wrong file is refused before anything is read from it.
 *
 * @param {any} ort what `startEngine` gave
 * @param {Uint8Array} bytes encoder.onnx
 * @param {{name: string, latents: number, shape: import("./pixels.js").Shape, again?: string}} expected from the card
 * @returns {Promise<Encoder>}
 */
export async function openEncoder(ort, bytes, { name, latents, shape, again = EXPORT_AGAIN }) {
  const file = `${name}/encoder.onnx`;
  const session = await openSession(ort, bytes, file, again);
  const release = once(() => session.release());

  /** @param {Float32Array} x */
  async function encode(x) {
    const { mean, log_variance } = await session.run({ x: new ort.Tensor("float32", x, [1, ...shape]) }, [
      "mean",
      "log_variance",
    ]);
    for (const [output, found] of Object.entries({ mean, log_variance })) {
      if (found.type !== "float32" || found.dims.join() !== `1,${latents}`) {
        throw new InstrumentError(
          `${file} gives \`${output}\` as ${found.type} ${found.dims.join(" × ")} for one image, where the card says ` +
            `float32 1 × ${latents}: ${again}`,
        );
      }
    }
    if (!allFinite(mean.data) || !allFinite(log_variance.data)) {
      throw new InstrumentError(`${file} returns NaN or infinity for this image: train it again, then export it.`);
    }
    return { mean: mean.data, logVariance: log_variance.data };
  }

  async function check() {
    const outputs = ["mean", "log_variance"].every((output) => session.outputNames.includes(output));
    if (session.inputNames.join() !== "x" || !outputs) {
      throw new InstrumentError(
        `${file} should take \`x\` and give \`mean\` and \`log_variance\`, but takes \`${session.inputNames}\` and gives ` +
          `\`${session.outputNames}\`: ${again}`,
      );
    }
    try {
      await encode(new Float32Array(shape[0] * shape[1] * shape[2]).fill(0.5));
    } catch (error) {
      if (error instanceof InstrumentError) throw error;
      throw new InstrumentError(
        `${file} does not encode one image of the card's ${shape.join(" × ")} values, float32: ${again}`,
        error,
      );
    }
  }

  try {
    await check();
  } catch (error) {
    release();
    throw error;
  }
  return { encode, release };
}

/** @param {() => void} act @returns {() => void} which acts the first time only */
function once(act) {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}
