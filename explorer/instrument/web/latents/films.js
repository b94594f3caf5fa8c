import { newestWins } from "../engine/scheduler.js";
import { present } from "../present.js";

/** Decoded at once: enough to keep the decoder busy, and few enough that hundreds of latents fit into memory. */
const ROWS_AT_ONCE = 12;

/**
 * The filmstrips of latents: rows of images, made in a worker around the newest z. A row is both under a slider and among
 * the traversals. The same worker decodes any other images that are asked for.
 *
 * @param {{model: import("../model/model.js").Model, assets: string, onRow(latent: number, image: ImageData): void,
 *   onDone(z: number[]): void, onNotFinite(): void, onFailure(sentence: string): void}} options `model` decodes images
 */
export function createFilms({ model, assets, onRow, onDone, onNotFinite, onFailure }) {
  const { bytes, expected } = present(model.decoder);
  const { name } = expected;
  const [, height, width] = present(model.shape);
  const steps = model.latents[0]?.steps.length ?? 0;
  const rowWidth = steps * width;
  const rowBytes = rowWidth * height * 4;
  const worker = new Worker(new URL("engine/decoder-worker.js", assets), { type: "module" });
  /** @type {ArrayBuffer | null} given back to the worker, so that a drag allocates nothing */
  let spare = null;
  /** @type {(message: any) => void} */
  let answered = () => {};
  let failed = false;
  /** @type {Map<number, (buffer: ArrayBuffer | null) => void>} who waits for which sheet */
  const waiting = new Map();
  let asked = 0;
  /** @typedef {import("../model/model.js").Codes} Codes */
  /** @type {Map<number, Codes>} what each row was decoded for, the row that waits longest first */
  const drawn = new Map();
  /** @type {number[] | null} */
  let shown = null;

  /** A latent's own row stays as it is while only that latent moves. @param {Codes} codes @param {number} latent */
  function isStale(codes, latent) {
    const was = drawn.get(latent);
    if (!was) return true;
    const [z, old] = [model.z({ codes }), model.z({ codes: was })];
    return hasOther(model, codes, was) || z.some((value, other) => value !== old[other] && other !== latent);
  }

  /** @param {Codes} codes @param {number[]} latents the stale ones, those never drawn first, then the oldest */
  function inTurn(codes, latents) {
    const turn = new Map([...drawn.keys()].map((latent, at) => [latent, at]));
    const stale = latents.filter((latent) => isStale(codes, latent));
    return stale.sort((a, b) => (turn.get(a) ?? -1) - (turn.get(b) ?? -1));
  }

  /** Nothing comes any more: whoever waits hears so. */
  function giveUp() {
    failed = true;
    answered(null);
    for (const give of waiting.values()) give(null);
    waiting.clear();
  }

  /** @param {string} sentence */
  function fail(sentence) {
    giveUp();
    onFailure(sentence);
  }

  worker.addEventListener("message", ({ data }) => {
    if (data.kind === "failed") return fail(data.sentence);
    if (data.kind !== "sheet") return answered(data);
    waiting.get(data.id)?.(data.buffer);
    waiting.delete(data.id);
  });
  worker.addEventListener("error", () => fail("The traversals could not be started: reload the page to try again."));

  const opened = new Promise((resolve) => {
    answered = resolve;
  });
  worker.postMessage({ kind: "open", name, assets, bytes, expected });

  /** @param {Codes} codes @param {number[]} latents @returns {Promise<{buffer: ArrayBuffer, finite: boolean} | null>} */
  function decode(codes, latents) {
    return new Promise((resolve) => {
      answered = resolve;
      const control = present(model.continuous).name;
      const rows = latents.map((latent) => ({ latent, steps: model.latents[latent].steps }));
      const message = { kind: "rows", name, control, tensors: model.tensors([codes]), rows, buffer: spare };
      worker.postMessage(message, { transfer: spare ? [spare] : [] });
      spare = null;
    });
  }

  const queue = newestWins(
    async ({ codes, latents }, overtaken) => {
      await opened;
      const stale = inTurn(codes, latents);
      for (let at = 0; at < stale.length && !failed; at += ROWS_AT_ONCE) {
        if (at && overtaken()) return;
        const some = stale.slice(at, at + ROWS_AT_ONCE);
        const answer = await decode(codes, some);
        if (!answer) return;
        if (!answer.finite) onNotFinite();
        some.forEach((latent, row) => {
          const pixels = new Uint8ClampedArray(answer.buffer, row * rowBytes, rowBytes);
          onRow(latent, new ImageData(pixels, rowWidth, height));
          drawn.delete(latent);
          drawn.set(latent, codes);
        });
        spare = answer.buffer;
      }
      if (failed) return;
      shown = model.z({ codes });
      onDone(shown);
    },
    () => fail("The traversals could not be drawn: reload the page to try again."),
  );

  return {
    /** @param {Codes} codes @param {number[]} latents the rows wanted */
    request: (codes, latents) => queue.request({ codes, latents }),
    /**
     * Decodes anything, in the order in which it is asked for.
     *
     * @param {Codes[]} codes
     * @param {number} columns
     * @returns {Promise<ImageData | null>} their images line by line; nothing where they cannot be decoded
     */
    async sheet(codes, columns) {
      await opened;
      if (failed) return null;
      const id = asked++;
      const tensors = model.tensors(codes);
      const buffer = await new Promise((resolve) => {
        waiting.set(id, resolve);
        const transfer = Object.values(tensors).map(({ data }) => data.buffer);
        worker.postMessage({ kind: "sheet", name, id, tensors, count: codes.length, columns }, { transfer });
      });
      return buffer && new ImageData(new Uint8ClampedArray(buffer), columns * width);
    },
    /** @returns {Promise<number[] | null>} Waits until nothing moves; gives the z that all rows then show, or nothing where they cannot be decoded. */
    async settled() {
      await queue.settled();
      return failed ? null : shown;
    },
    destroy() {
      worker.terminate();
      giveUp();
    },
  };
}

/**
 * @param {import("../model/model.js").Model} model
 * @param {import("../model/model.js").Codes} codes
 * @param {import("../model/model.js").Codes} before
 * @returns {boolean} whether a control other than the continuous one has moved
 */
export const hasOther = ({ controls, continuous }, codes, before) =>
  controls.some(({ name }) => name !== continuous?.name && codes[name] !== before[name]);
