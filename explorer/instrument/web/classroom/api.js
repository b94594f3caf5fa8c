import { InstrumentError } from "../errors.js";

/**
 * What the server keeps of a class, and what it is sent; `explorer/presenter/exchange.py` declares it.
 *
 * @typedef {import("../exchange.js").Leading} Leading what the teacher holds; a follower has no key
 * @typedef {import("../exchange.js").Tally} Tally
 */

const UNREACHABLE = "The explorer did not answer: check that it is still running, and that you are connected.";

/** @param {string} assets absolute URL of the web folder, with trailing slash */
export function createApi(assets) {
  const base = new URL("../", assets);

  /** @param {string} path @param {RequestInit} [options] @returns {Promise<Response>} */
  async function ask(path, options) {
    const answer = await fetch(new URL(path, base), options);
    if (answer.ok) return answer;
    const isJson = answer.headers.get("content-type")?.startsWith("application/json");
    const said = isJson ? (await answer.json()).error : null;
    throw said ? new InstrumentError(said) : new Error(`${path}: ${answer.status}`);
  }

  /** @param {string} path @param {object} content @param {string} [key] */
  const post = (path, content, key = "") =>
    ask(path, { method: "POST", headers: { "X-Presenter": key }, body: JSON.stringify(content) });

  /** @param {string} code */
  const at = (code) => `classes/${encodeURIComponent(code)}`;

  return {
    /** @param {string} place @returns {Promise<Leading>} */
    async begin(place) {
      try {
        return await (await post("classes", { place })).json();
      } catch (error) {
        throw error instanceof InstrumentError ? error : new InstrumentError(UNREACHABLE, error);
      }
    },
    /** @param {Leading} leading @param {string} place */
    move: ({ code, key }, place) => post(`${at(code)}/place`, { place }, key),
    /** @param {Leading} leading */
    end: ({ code, key }) => ask(at(code), { method: "DELETE", headers: { "X-Presenter": key } }),
    /** @param {Leading} leading @param {string} lesson whose predictions are counted, if any @returns {Promise<Tally>} */
    async tally({ code, key }, lesson) {
      const path = `${at(code)}/tally.json?lesson=${encodeURIComponent(lesson)}`;
      return (await ask(path, { headers: { "X-Presenter": key } })).json();
    },
    /** @param {string} code @param {import("../exchange.js").Prediction} prediction */
    guess: (code, prediction) => post(`${at(code)}/guesses`, prediction),
    /** @param {string} code @param {AbortSignal} signal */
    follow: (code, signal) => ask(`${at(code)}/places`, { signal, cache: "no-store" }),
  };
}
