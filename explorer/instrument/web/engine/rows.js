import { newestWins } from "./scheduler.js";

/** The values of a latent that its filmstrip and its row of the grid show; the slider's track spans the same. */
export const STEPS = [-3, -2.4, -1.8, -1.2, -0.6, 0, 0.6, 1.2, 1.8, 2.4, 3];
export const REACH = 3;

/** Decoded at once: enough to keep the decoder busy, and few enough that hundreds of latents fit into memory. */
const ROWS_AT_ONCE = 12;

/** @param {number} value @returns {number} where a value lies on the row, in cells from the first; held to the row */
export function cellOf(value) {
  return ((Math.min(REACH, Math.max(-REACH, value)) + REACH) / (2 * REACH)) * (STEPS.length - 1);
}

/**
 * Rows of decoded images, made in a worker for the newest z.
 *
 * @param {{assets: string, bytes: Uint8Array, expected: {name: string, latents: number,
 *   shape: import("./pixels.js").Shape}, onRow(latent: number, image: ImageData): void, onDone(z: number[]): void,
 *   onNoNumbers(): void, onFailure(sentence: string): void}} options
 */
export function createRows({ assets, bytes, expected, onRow, onDone, onNoNumbers, onFailure }) {
  const { name } = expected;
  const [, height, width] = expected.shape;
  const rowWidth = STEPS.length * width;
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
  /** @type {Map<number, number[]>} what each row was decoded for, the row that waits longest first */
  const drawn = new Map();
  /** @type {number[] | null} */
  let shown = null;

  /** A latent's own row stays as it is while only that latent moves. @param {number[]} z @param {number} latent */
  function isStale(z, latent) {
    const was = drawn.get(latent);
    return (
      !was ||
      z.some((/** @type {number} */ value, /** @type {number} */ other) => value !== was[other] && other !== latent)
    );
  }

  /** @param {number[]} z @param {number[]} latents the stale ones, those never drawn first, then the oldest */
  function inTurn(z, latents) {
    const turn = new Map([...drawn.keys()].map((latent, at) => [latent, at]));
    const stale = latents.filter((latent) => isStale(z, latent));
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
  worker.postMessage({ kind: "open", name, assets, bytes, expected, steps: STEPS });

  /** @param {number[]} z @param {number[]} latents @returns {Promise<{buffer: ArrayBuffer, finite: boolean} | null>} */
  function decode(z, latents) {
    return new Promise((resolve) => {
      answered = resolve;
      worker.postMessage({ kind: "rows", name, z, latents, buffer: spare }, { transfer: spare ? [spare] : [] });
      spare = null;
    });
  }

  const queue = newestWins(
    async ({ z, latents }, overtaken) => {
      await opened;
      const stale = inTurn(z, latents);
      for (let at = 0; at < stale.length && !failed; at += ROWS_AT_ONCE) {
        if (at && overtaken()) return;
        const some = stale.slice(at, at + ROWS_AT_ONCE);
        const answer = await decode(z, some);
        if (!answer) return;
        if (!answer.finite) onNoNumbers();
        some.forEach((latent, row) => {
          const pixels = new Uint8ClampedArray(answer.buffer, row * rowBytes, rowBytes);
          onRow(latent, new ImageData(pixels, rowWidth, height));
          drawn.delete(latent);
          drawn.set(latent, z);
        });
        spare = answer.buffer;
      }
      if (failed) return;
      shown = z;
      onDone(z);
    },
    () => fail("The traversals could not be drawn: reload the page to try again."),
  );

  return {
    /** @param {number[]} z @param {number[]} latents the rows wanted */
    request: (z, latents) => queue.request({ z, latents }),
    /**
     * Decodes any codes, in the order in which they are asked for.
     *
     * @param {ArrayLike<number>[]} codes
     * @param {number} columns
     * @returns {Promise<ImageData | null>} their images line by line; nothing where they cannot be decoded
     */
    async sheet(codes, columns) {
      await opened;
      if (failed) return null;
      const flat = new Float32Array(codes.length * expected.latents);
      codes.forEach((code, at) => flat.set(code, at * expected.latents));
      const id = asked++;
      const buffer = await new Promise((resolve) => {
        waiting.set(id, resolve);
        worker.postMessage({ kind: "sheet", name, id, codes: flat, columns }, { transfer: [flat.buffer] });
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
