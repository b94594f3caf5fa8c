import { InstrumentError } from "../errors.js";
import { fetchFile } from "../shelf/held.js";

/**
 * What the server says of training, and what it is sent; `explorer/jobs/exchange.py` declares it.
 *
 * @typedef {import("../exchange.js").Run["state"]} State
 * @typedef {import("../exchange.js").Form} Form
 * @typedef {import("../exchange.js").Run["losses"][number]} Loss
 * @typedef {import("../exchange.js").Run} Job
 * @typedef {import("../exchange.js").Offer} Offer
 * @typedef {import("../exchange.js").OwnBounds} Own bounds of a person's own images
 * @typedef {import("../exchange.js").Looked} Facts of a person's own images
 * @typedef {import("../exchange.js").Images} Seen
 */

const UNREACHABLE = "The explorer did not answer: check that it is still running. A run goes on without this page.";

/**
 * @param {string} assets absolute URL of the web folder, with trailing slash
 */
export function createApi(assets) {
  const base = new URL("../", assets);

  /** @param {string} path @param {RequestInit} [options] @returns {Promise<any>} */
  async function ask(path, options) {
    /** @type {Response} */
    let answer;
    try {
      answer = await fetchFile(new URL(path, base), options);
    } catch (error) {
      throw new InstrumentError(UNREACHABLE, error);
    }
    const isJson = answer.headers.get("content-type")?.startsWith("application/json");
    const found = isJson ? await answer.json() : null;
    if (!answer.ok || !found) throw new InstrumentError(found?.error ?? UNREACHABLE);
    return found;
  }

  /** @param {string} path @param {unknown} [content] */
  const post = (path, content) =>
    ask(path, { method: "POST", headers: { "X-Training": "1" }, body: content ? JSON.stringify(content) : null });

  /** @param {string} id */
  const at = (id) => `jobs/${encodeURIComponent(id)}`;

  return {
    /** @returns {Promise<Offer>} */
    offer: () => ask("training.json"),
    /** @param {Form} form @returns {Promise<import("../exchange.js").Begun>} */
    begin: (form) => post("jobs", form),
    /** @returns {Promise<import("../clinic/ward.js").Ward>} */
    clinic: () => ask("clinic.json"),
    /** @param {import("../exchange.js").Treatment} form @returns {Promise<import("../exchange.js").Begun>} */
    treat: (form) => post("treatments", form),
    /** @param {string} id @param {number} since @returns {Promise<Job>} its losses only from after a step */
    look: (id, since) => ask(`${at(id)}.json?since=${since}`),
    /** @param {string} id @param {"pause" | "go-on" | "stop" | "keep"} what @returns {Promise<Job>} */
    decide: (id, what) => post(`${at(id)}/${what}`),
    images: new URL("images", base).href,
    /** @param {string} id @param {number} side @param {string} fit @returns {Promise<Seen>} a person's own images */
    see: (id, side, fit) => ask(`images/${encodeURIComponent(id)}.json?side=${side}&fit=${fit}`),
    /** @param {string} id @param {number} side @param {string} fit @returns {string} where a picture of them is */
    sheet: (id, side, fit) => new URL(`images/${encodeURIComponent(id)}/sheet-${side}-${fit}.webp`, base).href,
    /** @param {string} id */
    forget: (id) => post(`images/${encodeURIComponent(id)}/remove`),
    /** @param {string} id @param {string} file @returns {Promise<Response>} */
    file: (id, file) => fetchFile(new URL(`${at(id)}/${file}`, base)),
  };
}
