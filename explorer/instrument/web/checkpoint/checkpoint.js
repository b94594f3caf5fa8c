import { InstrumentError } from "../errors.js";
import { get } from "../shelf/http.js";

/**
 * @typedef {{id: string, url?: string, path?: string, title?: string, summary?: string, intent?: string, preview?: string,
 *   dropped?: boolean, error?: string}} Entry one line of the catalogue: all of the first, or the id and the error
 * @typedef {import("./contract.js").Card} Card
 * @typedef {Omit<Card, "output" | "examples"> & {output: import("./contract.js").Pixels,
 *   examples: import("./contract.js").Examples}} ImagesCard of a model that makes images and came with some
 * @typedef {import("./contract.js").Metric} Metric
 * @typedef {import("./contract.js").Latent} Latent
 */

export const CARD_VERSION = 2;

/** What nearly every model decodes with: it is fetched beside the card, which alone says its name. */
const DECODER = "decoder.onnx";

/**
 * Fetches what the first image needs, together.
 *
 * @param {Entry} entry
 * @param {AbortSignal} signal
 * @returns {Promise<{card: Card, decoder: Uint8Array | null}>} the file of the card's `decode` graph, if there is one
 */
export async function fetchCheckpoint(entry, signal) {
  const early = get(entry, DECODER, signal).then((answer) => answer.arrayBuffer());
  // Whether this file is needed, the card says.
  early.catch(() => {});
  const card = readCard(await (await get(entry, "card.json", signal)).text(), entry.id);
  const graph = card.graphs.decode;
  if (!graph) return { card, decoder: null };
  if (graph.file === DECODER) return { card, decoder: whole(new Uint8Array(await early), DECODER, entry, card) };
  return { card, decoder: await fetchFile(entry, card, graph.file, signal) };
}

/**
 * @param {Entry} entry
 * @param {Card} card
 * @param {string} file of the folder
 * @param {AbortSignal} signal
 * @returns {Promise<Uint8Array>} which is as long as the card says
 */
export async function fetchFile(entry, card, file, signal) {
  const answer = await get(entry, file, signal);
  return whole(new Uint8Array(await answer.arrayBuffer()), file, entry, card);
}

/** @param {Uint8Array} content @param {string} file @param {Entry} entry @param {Card} card @returns {Uint8Array} */
function whole(content, file, entry, card) {
  const bytes = card.files?.[file]?.bytes;
  if (bytes !== undefined && bytes !== content.byteLength) {
    throw new InstrumentError(
      `${entry.id}/${file} has ${content.byteLength} bytes where its card says ${bytes}: copy the whole folder again, ` +
        "or export the checkpoint again.",
    );
  }
  return content;
}

/**
 * The server has read and checked the card, and sends it in the newest version whatever lies in the folder.
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
  return card;
}

/** @param {Card} card @returns {card is ImagesCard} */
export const hasImages = (card) => card.output.kind === "pixels" && card.examples !== null;
