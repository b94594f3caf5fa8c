import { InstrumentError } from "../errors.js";
import { fetchFile } from "../shelf/held.js";

/**
 * What the server says of training; `explorer/jobs/routes.py` is the other side.
 *
 * @typedef {"waiting" | "training" | "paused" | "stopped" | "trained" | "keeping" | "finishing" | "kept" | "failed"} State
 * @typedef {{data: string, family: "vae" | "autoencoder", latents: number, steps: number, minutes: number, width: string,
 *   beta: number}} Form
 * @typedef {[step: number, train: number | null, validation: number | null]} Loss
 * @typedef {{id: string, title: string, form: Form, state: State, steps: number, step: number, seconds: number,
 *   most_seconds: number, sentence: string, ahead: number, warm: boolean, snapshot: string, checkpoint: string,
 *   losses: Loss[], can_keep: boolean}} Job
 * @typedef {{data: {name: string, title: string, steps: number, missing: string}[], bounds: Record<"latents" | "steps" |
 *   "minutes" | "beta", [number, number]>, paces: Record<string, number>, queue: number}} Offer
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
    /** @param {Form} form @returns {Promise<{id: string}>} */
    begin: (form) => post("jobs", form),
    /** @param {string} id @param {number} since @returns {Promise<Job>} its losses only from after a step */
    look: (id, since) => ask(`${at(id)}.json?since=${since}`),
    /** @param {string} id @param {"pause" | "go-on" | "stop" | "keep"} what @returns {Promise<Job>} */
    decide: (id, what) => post(`${at(id)}/${what}`),
    /** @param {string} id @param {string} file @returns {Promise<Response>} */
    file: (id, file) => fetchFile(new URL(`${at(id)}/${file}`, base)),
  };
}
