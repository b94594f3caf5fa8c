import { InstrumentError } from "../errors.js";
import { fetchFile } from "../shelf/held.js";

/**
 * What the server says of training; `explorer/jobs/routes.py` is the other side.
 *
 * @typedef {"waiting" | "training" | "paused" | "stopped" | "trained" | "keeping" | "finishing" | "kept" | "failed"} State
 * @typedef {{data: string, family: "vae" | "autoencoder", latents: number, steps: number, minutes: number, width: string,
 *   beta: number, images?: string, side?: number, fit?: "crop" | "pad"}} Form
 * @typedef {[step: number, train: number | null, validation: number | null]} Loss
 * @typedef {{id: string, title: string, form: Form, state: State, steps: number, step: number, seconds: number,
 *   most_seconds: number, sentence: string, ahead: number, warm: boolean, snapshot: string, checkpoint: string,
 *   losses: Loss[], can_keep: boolean}} Job
 * @typedef {{data: {name: string, title: string, steps: number, missing: string}[], bounds: Record<"latents" | "steps" |
 *   "minutes" | "beta", [number, number]>, paces: Record<string, number>, queue: number, own: Own}} Offer
 * @typedef {{sides: number[], steps: number, most_bytes: number, most_images: number}} Own bounds of a person's own images
 * @typedef {{images: number, labels: [string, number][], smallest: [number, number], largest: [number, number],
 *   transparent: number, binary: boolean, duplicates: number, broken: Record<string, string>, more_broken: number,
 *   others: string[], more_others: number, packed_bytes: number, train: number, validation: number, test: number,
 *   side: number, fit: "crop" | "pad", channels: number, columns: number, shown: number, batch: number,
 *   networks: Record<string, {seconds?: number}>}} Facts of a person's own images; `seconds` that a step takes, where measured
 * @typedef {{id: string, title: string, state: "looking" | "ready" | "refused", done?: number, sentence?: string,
 *   facts?: Facts, timing?: boolean}} Seen `timing`: how long a step takes is being measured
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
    /** @returns {Promise<import("../clinic/ward.js").Ward>} */
    clinic: () => ask("clinic.json"),
    /** @param {{patient: number, cure: number}} form @returns {Promise<{id: string}>} */
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
