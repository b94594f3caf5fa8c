import { ask } from "./shelf/http.js";

/**
 * @param {import("./checkpoint/checkpoint.js").Entry} entry
 * @param {string} query of the link
 * @param {AbortSignal} signal
 * @returns {Promise<string>} the part of a link that leads to the test image which a model opens on; nothing where the link
 *   says where to be, or the model has none
 */
export async function openingOf(entry, query, signal) {
  const given = new URLSearchParams(query);
  if (given.has("z") || given.has("example") || entry.url === undefined) return "";
  try {
    const answer = await ask(new URL("opening.json", new URL(entry.url, document.baseURI)), entry.id, signal);
    return answer.ok ? new URLSearchParams(await answer.json()).toString() : "";
  } catch {
    // The model opens at its origin, and what is fetched next says that the explorer is gone.
    return "";
  }
}
