import { InstrumentError } from "../errors.js";
import { checkSize, get, getBytes } from "../shelf/http.js";

/**
 * @typedef {{id: string, url?: string, path?: string, title?: string, summary?: string, intent?: string, preview?: string,
 *   decoder?: string, formerly?: string[], dropped?: boolean, again?: string, error?: string}} Entry one line of the
 *   catalogue: all of the first, or the id and the error; `decoder` is the file of its `decode` graph, `formerly` are the
 *   ids whose place it took, and `again` says what to do where a file of a table's own models is not what it should be
 * @typedef {import("./contract.js").Card} Card
 * @typedef {Omit<Card, "output" | "examples"> & {output: import("./contract.js").Pixels,
 *   examples: import("./contract.js").Examples}} ImagesCard of a model that makes images and came with some
 * @typedef {import("./contract.js").Metric} Metric
 * @typedef {import("./contract.js").Latent} Latent
 */

const CARD_VERSION = 2;

/**
 * Fetches what the first image needs, together.
 *
 * @param {Entry} entry
 * @param {AbortSignal} signal
 * @param {Card} [known] where the folder has no card.json
 * @returns {Promise<{card: Card, decoder: Uint8Array | null}>} the file of the card's `decode` graph, if there is one
 */
export async function fetchCheckpoint(entry, signal, known) {
  const [card, early] = await Promise.all([
    known ?? fetchCard(entry, signal),
    entry.decoder ? getBytes(entry, entry.decoder, signal) : null,
  ]);
  const file = card.graphs.decode?.file;
  if (!file) return { card, decoder: null };
  if (file !== entry.decoder || !early) return { card, decoder: await getBytes(entry, file, signal, card.files) };
  checkSize(entry, file, early.length, card.files);
  return { card, decoder: early };
}

/** @param {Entry} entry @param {AbortSignal} signal @returns {Promise<Card>} */
export async function fetchCard(entry, signal) {
  return readCard(await (await get(entry, "card.json", signal)).text(), entry.id);
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
