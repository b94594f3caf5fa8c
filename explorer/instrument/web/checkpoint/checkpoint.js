import { InstrumentError } from "../errors.js";
import { present } from "../present.js";

/**
 * @typedef {{id: string, url?: string, path?: string, title?: string, summary?: string, intent?: string, preview?: string,
 *   dropped?: boolean, error?: string}} Entry one line of the catalogue: all of the first, or the id and the error
 * @typedef {{name: string, label: string, value: number, unit: string, split: string, samples: number, seed: number,
 *   how: string, perfect?: number | null}} Metric
 * @typedef {{kl_nats: number, mean: number, std: number, posterior_std: number, active: boolean}} Latent
 * @typedef {{title: string, summary: string, controls: {kind: string, latents: number},
 *   command: string,
 *   image: {shape: import("../engine/pixels.js").Shape, likelihood: string, sigma?: number | null},
 *   data: {name: string, splits: Record<string, number>, labels: string[] | null,
 *     factors: {name: string, size: number}[] | null},
 *   metrics: Metric[],
 *   latents: Latent[], latents_provenance: {split: string, samples: number, seed: number, how: string},
 *   examples: {count: number, columns: number, split: string, how: string, per_sheet?: number | null},
 *   files: Record<string, {bytes: number, sha256: string}>,
 *   map?: {latents: number[], umap: Record<string, number>,
 *     pca: {mean: number[], axes: number[][], explained: number[]},
 *     nearest: {median: number, p95: number, p99: number, split: string, samples: number, how: string},
 *     metrics: Metric[]} | null}} Card
 */

export const CARD_VERSION = 1;

/**
 * Fetches one file of a checkpoint, or says in a sentence why not.
 *
 * @param {Entry} entry
 * @param {string} file
 * @param {AbortSignal} signal
 */
export async function get(entry, file, signal) {
  const url = new URL(file, new URL(present(entry.url), document.baseURI));
  let answer;
  try {
    answer = await fetch(url, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new InstrumentError(
      `${entry.id}/${file} could not be fetched: check that the explorer is still running, then reload the page.`,
      error,
    );
  }
  if (!answer.ok) {
    const command = file.endsWith(".onnx") ? "export" : "embed";
    const then =
      file === "card.json"
        ? "copy the checkpoint folder again."
        : `restore the file or make it again with \`python -m training ${command} ${entry.path ?? "FOLDER"}\`.`;
    throw new InstrumentError(`${entry.id}/${file} is missing: ${then}`);
  }
  return answer;
}

/**
 * Fetches the two files that the first image needs, together.
 *
 * @param {Entry} entry
 * @param {AbortSignal} signal
 * @returns {Promise<{card: Card, decoder: Uint8Array}>}
 */
export async function fetchCheckpoint(entry, signal) {
  const [card, decoder] = await Promise.all([
    get(entry, "card.json", signal).then((answer) => answer.text()),
    get(entry, "decoder.onnx", signal).then((answer) => answer.arrayBuffer()),
  ]);
  const checked = readCard(card, entry.id);
  const bytes = checked.files?.["decoder.onnx"]?.bytes;
  if (bytes !== undefined && bytes !== decoder.byteLength) {
    throw new InstrumentError(
      `${entry.id}/decoder.onnx has ${decoder.byteLength} bytes where its card says ${bytes}: copy the whole folder ` +
        "again, or export the checkpoint again.",
    );
  }
  return { card: checked, decoder: new Uint8Array(decoder) };
}

/**
 * @param {string} text
 * @param {string} id
 * @returns {Card}
 */
export function readCard(text, id) {
  const refuse = (/** @type {string} */ reason) => new InstrumentError(`${id}/card.json ${reason}`);
  let card;
  try {
    card = JSON.parse(text);
  } catch {
    throw refuse("cannot be read: copy the checkpoint folder again, or export it again.");
  }
  if (card?.version !== CARD_VERSION) {
    throw refuse(
      `has version ${card?.version}, and this explorer reads version ${CARD_VERSION}: update the explorer, or export ` +
        "the checkpoint again.",
    );
  }
  if (card.controls?.kind !== "continuous") {
    throw refuse(`has controls of kind "${card.controls?.kind}", which this explorer cannot steer yet: update it.`);
  }
  const latents = card.controls.latents;
  const shape = card.image?.shape;
  const sizes = Array.isArray(shape) && shape.length === 3 && shape.every((size) => Number.isInteger(size) && size > 0);
  const again = "export the checkpoint again.";
  if (!sizes || (shape[0] !== 1 && shape[0] !== 3) || shape[1] > 1024 || shape[2] > 1024) {
    throw refuse(`has no image shape that can be drawn (channels, height, width): ${again}`);
  }
  if (!Number.isInteger(latents) || latents < 1 || latents > 1024) throw refuse(`does not say its latents: ${again}`);
  if (!Array.isArray(card.latents) || card.latents.length !== latents) {
    throw refuse(`describes ${card.latents?.length ?? 0} of its ${latents} latents: ${again}`);
  }
  if (
    !card.latents.every(
      (/** @type {Latent} */ latent) =>
        Number.isFinite(latent?.kl_nats) && Number.isFinite(latent.std) && typeof latent.active === "boolean",
    )
  ) {
    throw refuse(`has a latent without its KL or its spread: ${again}`);
  }
  return card;
}
