import { engineOf } from "../engine/session.js";
import { InstrumentError } from "../errors.js";
import { startWorker } from "../shelf/held.js";

/**
 * A model in the worker. What is asked of it before it is open waits for that.
 *
 * @typedef {object} Remote
 * @property {Promise<void>} ready fails with a sentence where the file is not what was expected
 * @property {(tensors: import("../engine/decoder.js").Tensors, count: number, columns: number,
 *   spare?: ArrayBuffer | null) => Promise<Sheet>} sheet the images of a batch of `count` values, line by line, in `spare`
 *   where they fit; both are given away
 * @property {() => void} close what was asked and is not here yet fails
 *
 * @typedef {{buffer: ArrayBuffer, finite: boolean}} Sheet RGBA; `finite`: no value is NaN or infinity
 *
 * @typedef {ReturnType<typeof createWorker>} DecodingWorker
 */

const NOT_STARTED = "The traversals could not be started: reload the page to try again.";
const CLOSED = "This model was closed.";

/** @param {unknown} error @returns {boolean} whether a model was closed before it answered, which is not a fault */
export const wasClosed = (error) => error instanceof InstrumentError && error.message === CLOSED;

/**
 * The page's side of the one worker that decodes away from the pointer, with any number of models open in it. It starts
 * with the first of them, for a page paints an image before it needs one.
 *
 * @param {string} assets absolute URL of the web folder, with trailing slash
 */
export function createWorker(assets) {
  /** Asked for with every message, so that none overtakes another. */
  const engine = engineOf(assets);
  /** @type {Worker | null} */
  let worker = null;
  /** @type {Map<number, {model: number, resolve(result: any): void, reject(error: Error): void}>} which caller waits for which answer */
  const waiting = new Map();
  let asked = 0;
  let opened = 0;

  /** @param {string} sentence for those who wait @param {number} [model] for an answer of this one, or of any */
  function refuse(sentence, model) {
    for (const [id, one] of waiting) {
      if (model !== undefined && one.model !== model) continue;
      waiting.delete(id);
      one.reject(new InstrumentError(sentence));
    }
  }

  /** The next model to be opened starts another. */
  function stop() {
    worker?.terminate();
    worker = null;
    refuse(NOT_STARTED);
  }

  function start() {
    const started = startWorker("engine/decoder-worker.js", assets);
    started.addEventListener("error", () => started === worker && stop());
    started.addEventListener("message", ({ data }) => {
      const { resolve, reject } = waiting.get(data.id) ?? {};
      waiting.delete(data.id);
      if (data.sentence === undefined) resolve?.(data.result);
      else reject?.(new InstrumentError(data.sentence));
    });
    return started;
  }

  return {
    /**
     * @param {Uint8Array} bytes of the file
     * @param {import("../engine/decoder.js").Expected} expected
     * @returns {Remote}
     */
    open(bytes, expected) {
      const mine = (worker ??= start());
      const model = opened++;
      let isClosed = false;

      /** @param {Record<string, unknown>} message @param {ArrayBufferLike[]} [transfer] @returns {Promise<any>} */
      async function ask(message, transfer = []) {
        if (isClosed) throw new InstrumentError(CLOSED);
        if (mine !== worker) throw new InstrumentError(NOT_STARTED);
        const id = asked++;
        const known = await engine;
        if (isClosed) throw new InstrumentError(CLOSED);
        const engineToo = message.kind === "open" ? { engine: known } : {};
        mine.postMessage(
          { id, model, ...message, ...engineToo },
          { transfer: /** @type {ArrayBuffer[]} */ (transfer) },
        );
        return new Promise((resolve, reject) => waiting.set(id, { model, resolve, reject }));
      }

      const ready = ask({ kind: "open", bytes, expected });
      // A caller that does not wait for it sees it by the next sheet.
      ready.catch(() => {});
      return {
        ready,
        sheet(tensors, count, columns, spare = null) {
          const transfer = [...Object.values(tensors).map(({ data }) => data.buffer), ...(spare ? [spare] : [])];
          return ask({ kind: "sheet", tensors, count, columns, spare }, transfer);
        },
        close() {
          isClosed = true;
          refuse(CLOSED, model);
          void engine.then(() => mine.postMessage({ kind: "close", model }));
        },
      };
    },
    destroy: stop,
  };
}
