import { openDecoder } from "../engine/decoder.js";
import { startEngine } from "../engine/session.js";

/**
 * What a growing model is at one step: `live-NAME.json` and the decoder beside it, as `training/workers/snapshots.py` writes them.
 *
 * @typedef {{step: number, graph: import("../checkpoint/contract.js").Graph, shape: import("../engine/pixels.js").Shape,
 *   codes: number[][], kl: number[] | null, mean: number[], deviation: number[], targets: number[],
 *   labels: string[] | null}} Facts
 * @typedef {{facts: Facts, latents: number, decode(z: number[]): Promise<Float32Array>,
 *   sheet(z: number[][], columns: number): Promise<ImageData>, release(): void}} Grown
 */

const AGAIN = "the next snapshot of the run replaces it.";

/** @param {number[][]} z @returns {import("../engine/decoder.js").Tensors} */
const tensors = (z) => ({
  z: { type: "float32", data: Float32Array.from(z.flat()), dims: [z.length, z[0].length] },
});

/**
 * @param {ReturnType<typeof import("./api.js").createApi>} api
 * @param {string} id of the job
 * @param {string} name of the snapshot
 * @param {{assets: string, worker: import("../model/worker.js").DecodingWorker}} options
 * @returns {Promise<Grown | null>} nothing where a newer one has taken its place
 */
export async function openGrown(api, id, name, { assets, worker }) {
  const [said, file] = await Promise.all([api.file(id, `${name}.json`), api.file(id, `${name}.onnx`)]);
  if (!said.ok || !file.ok) return null;
  const facts = /** @type {Facts} */ (await said.json());
  const bytes = new Uint8Array(await file.arrayBuffer());
  const latents = facts.mean.length;
  const expected = {
    name,
    graph: facts.graph,
    start: tensors([new Array(latents).fill(0)]),
    gives: [...facts.shape],
    again: AGAIN,
  };
  const remote = worker.open(bytes.slice(), expected);
  const near = await openDecoder(await startEngine(assets), bytes, expected);
  const [, height, width] = facts.shape;
  return {
    facts,
    latents,
    decode: (z) => near.decode(tensors([z]), 1),
    async sheet(z, columns) {
      const { buffer } = await remote.sheet(tensors(z), z.length, columns);
      const size = [columns * width, Math.ceil(z.length / columns) * height];
      return new ImageData(new Uint8ClampedArray(buffer, 0, 4 * size[0] * size[1]), size[0], size[1]);
    },
    release() {
      near.release();
      remote.close();
    },
  };
}

/** @param {Facts} facts @returns {number[]} the latents, the one that tells most of an image first */
export function strongest({ kl, deviation }) {
  const worth = kl ?? deviation;
  return worth.map((_, at) => at).sort((a, b) => worth[b] - worth[a]);
}

/** How far a traversal goes from the middle, in standard deviations of the prior or, without one, of the codes. */
const REACH = 2.5;

/** @param {Facts} facts @param {number} latent @returns {[number, number]} */
export function reach({ kl, mean, deviation }, latent) {
  const [middle, unit] = kl ? [0, 1] : [mean[latent], deviation[latent] || 1];
  return [middle - REACH * unit, middle + REACH * unit];
}

/**
 * The codes of a sheet: of two latents the whole plane, of others one row for each of the strongest.
 *
 * @param {Facts} facts @param {number[]} z
 * @returns {{codes: number[][], columns: number, rows: number[]}} `rows`: the latent of each, none for a plane
 */
export function traversals(facts, z) {
  const order = strongest(facts);
  /** @param {number} latent @param {number} share */
  const along = (latent, share) => {
    const [low, high] = reach(facts, latent);
    return low + share * (high - low);
  };
  if (z.length === 2) {
    const side = 12;
    const codes = Array.from({ length: side * side }, (_, at) => [
      along(0, (at % side) / (side - 1)),
      along(1, 1 - Math.floor(at / side) / (side - 1)),
    ]);
    return { codes, columns: side, rows: [] };
  }
  const columns = 11;
  const rows = order.slice(0, 6);
  const codes = rows.flatMap((latent) =>
    Array.from({ length: columns }, (_, at) =>
      z.map((value, of) => (of === latent ? along(latent, at / (columns - 1)) : value)),
    ),
  );
  return { codes, columns, rows };
}
