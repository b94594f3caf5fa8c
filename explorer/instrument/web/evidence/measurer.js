import { engineOf } from "../engine/session.js";
import { present } from "../present.js";
import { startWorker } from "../shelf/held.js";

/** @typedef {{ask(message: Record<string, unknown>): Promise<any>, destroy(): void, isPrepared?: boolean}} Measurer */

/** The one whose worker has decoded the plane of a decoder. @type {{bytes: Uint8Array, measurer: Measurer} | null} */
let kept = null;

/**
 * A measurer that outlives its stage: the plane takes seconds to decode, and a card of a lesson may open the same model again.
 *
 * @param {Parameters<typeof createMeasurer>[0]} stage
 * @param {string} sorry what is said where it fails
 * @returns {Measurer} of which `isPrepared` says whether the plane is decoded
 */
export function keptMeasurer({ model, assets }, sorry) {
  const { bytes } = present(model.decoder);
  if (kept && isSame(kept.bytes, bytes)) return kept.measurer;
  kept?.measurer.destroy();
  const measurer = createMeasurer({ model, assets, gone: new AbortController().signal }, sorry);
  kept = { bytes, measurer };
  return measurer;
}

/** @param {Uint8Array} a @param {Uint8Array} b */
const isSame = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

/**
 * The page's side of `engine/evidence-worker.js`, which is started with the first question.
 *
 * @param {{model: import("../model/model.js").Model, assets: string, gone: AbortSignal}} stage
 * @param {string} sorry what is said where it fails
 * @param {{decodes?: boolean}} [options] `decodes`: its questions are about the decoder
 * @returns {Measurer}
 */
export function createMeasurer({ model, assets, gone }, sorry, { decodes = true } = {}) {
  /** @type {Worker | null} */
  let worker = null;
  /** @type {Promise<Worker> | null} */
  let starting = null;
  /** @type {Map<number, {resolve(result: any): void, reject(error: Error): void}>} */
  const waiting = new Map();
  let asked = 0;

  /** @param {Worker} to @param {Record<string, unknown>} message @returns {Promise<any>} */
  function send(to, message) {
    const id = asked++;
    to.postMessage({ id, ...message });
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  }

  async function start() {
    const engine = decodes ? await engineOf(assets) : null;
    const started = startWorker("engine/evidence-worker.js", assets);
    worker = started;
    started.addEventListener("message", ({ data }) => {
      const { resolve, reject } = waiting.get(data.id) ?? {};
      waiting.delete(data.id);
      if (data.failed) reject?.(new Error(sorry));
      else resolve?.(data.result);
    });
    started.addEventListener("error", () => {
      for (const { reject } of waiting.values()) reject(new Error(sorry));
      waiting.clear();
    });
    if (gone.aborted) started.terminate();
    if (!engine) return started;
    const { bytes, expected } = present(model.decoder);
    const { parts, size } = present(model.continuous);
    const { output } = model.card;
    await send(started, { kind: "open", engine, bytes, expected, control: parts[0].name, latents: size, output });
    return started;
  }

  return {
    async ask(message) {
      starting ??= start();
      return send(await starting, message);
    },
    destroy: () => worker?.terminate(),
  };
}
