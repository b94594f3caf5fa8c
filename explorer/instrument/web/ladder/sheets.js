import { InstrumentError } from "../errors.js";

/**
 * Sheets of images of several models, decoded in one worker.
 *
 * @param {string} assets absolute URL of the web folder, with trailing slash
 */
export function createSheets(assets) {
  const worker = new Worker(new URL("engine/decoder-worker.js", assets), { type: "module" });
  /** @type {Map<string, {resolve(): void, reject(error: Error): void}>} models that are being opened */
  const opening = new Map();
  /** @type {Map<number, (buffer: ArrayBuffer | null) => void>} who waits for which sheet */
  const waiting = new Map();
  let asked = 0;

  function fail() {
    for (const { reject } of opening.values())
      reject(new InstrumentError("The traversals could not be started: reload the page to try again."));
    for (const give of waiting.values()) give(null);
    opening.clear();
    waiting.clear();
  }

  worker.addEventListener("error", fail);
  worker.addEventListener("message", ({ data }) => {
    if (data.kind === "sheet") {
      waiting.get(data.id)?.(data.buffer);
      waiting.delete(data.id);
      return;
    }
    if (data.kind === "failed") opening.get(data.name)?.reject(new InstrumentError(data.sentence));
    else opening.get(data.name)?.resolve();
    opening.delete(data.name);
  });

  return {
    /**
     * @param {string} name of the model from now on
     * @param {Uint8Array} bytes decoder.onnx
     * @param {import("../engine/decoder.js").Expected} expected
     * @returns {Promise<void>}
     */
    open: (name, bytes, expected) =>
      new Promise((resolve, reject) => {
        opening.set(name, { resolve, reject });
        worker.postMessage({ kind: "open", name, assets, bytes, expected });
      }),
    /** @param {string} name */
    close: (name) => worker.postMessage({ kind: "close", name }),
    /**
     * @param {string} name of an open model
     * @param {Float32Array} codes one after the other; given away
     * @param {number} latents of each
     * @param {number} columns
     * @returns {Promise<ArrayBuffer | null>} RGBA of their images line by line; nothing where they cannot be decoded
     */
    decode(name, codes, latents, columns) {
      const id = asked++;
      const count = codes.length / latents;
      const tensors = { z: { type: "float32", data: codes, dims: [count, latents] } };
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        worker.postMessage({ kind: "sheet", name, id, tensors, count, columns }, { transfer: [codes.buffer] });
      });
    },
    destroy() {
      worker.terminate();
      fail();
    },
  };
}
