import { InstrumentError } from "../errors.js";
import { present } from "../present.js";

/**
 * @typedef {{id: string, url?: string, path?: string, title?: string, summary?: string, intent?: string, preview?: string,
 *   dropped?: boolean, error?: string}} Entry one line of the catalogue: all of the first, or the id and the error
 * @typedef {import("./contract.js").Metric} Metric
 * @typedef {import("./contract.js").Latent & {kl_nats: number, posterior_std: number}} Latent of a model with a prior
 * @typedef {Omit<import("./contract.js").Card, "output" | "latents" | "latents_provenance" | "examples"> &
 *   {space: import("./contract.js").Continuous,
 *   output: import("./contract.js").Pixels, latents: Latent[],
 *   latents_provenance: import("./contract.js").Provenance,
 *   examples: import("./contract.js").Examples}} Card of a model that this page can steer
 */

export const CARD_VERSION = 2;

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
 * The server has read and checked the card, and sends it in the newest version whatever lies in the folder. What only this
 * page knows is whether it can steer such a model.
 *
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
    throw refuse(`has version ${card?.version}, and this page reads version ${CARD_VERSION}: reload the page.`);
  }
  const [space, another] = card.controls;
  const kind = space && !another ? `controls of kind "${space.kind}"` : `${card.controls.length} controls`;
  if (space?.kind !== "continuous" || another) throw refuse(`has ${kind}, which this page cannot steer yet.`);
  if (card.output.kind !== "pixels") throw refuse("describes no image, which is all that this page can show yet.");
  const { decode, encode } = card.graphs;
  if (!decode) throw refuse("names no decoder, so there is nothing here to steer.");
  if (decode.file !== "decoder.onnx" || (encode && encode.file !== "encoder.onnx")) {
    throw refuse("gives its graphs other names than decoder.onnx and encoder.onnx, which this page opens.");
  }
  if (!card.latents.length || card.latents.some((/** @type {Latent} */ { kl_nats: kl }) => kl === null)) {
    throw refuse("does not say the KL of its latents, by which this page orders them.");
  }
  if (!card.examples) throw refuse("has no examples, which this page begins with.");
  return { ...card, space };
}
