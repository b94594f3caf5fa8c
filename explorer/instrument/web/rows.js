import { newestWins } from "./scheduler.js";

/** The values of a latent that its filmstrip and its row of the grid show; the slider's track spans the same. */
export const STEPS = [-3, -2.4, -1.8, -1.2, -0.6, 0, 0.6, 1.2, 1.8, 2.4, 3];
export const REACH = 3;

/** @param {number} value @returns {number} where a value lies on the row, in cells from the first; held to the row */
export function cellOf(value) {
  return ((Math.min(REACH, Math.max(-REACH, value)) + REACH) / (2 * REACH)) * (STEPS.length - 1);
}

/**
 * Rows of decoded images, made in a worker for the newest z.
 *
 * @param {{assets: string, bytes: Uint8Array, expected: {name: string, latents: number,
 *   shape: import("./pixels.js").Shape}, onRow(latent: number, image: ImageData): void, onDone(z: number[]): void,
 *   onFailure(sentence: string): void}} options
 * @returns {{request(z: number[], latents: number[]): void, settled(): Promise<void>, destroy(): void}}
 */
export function createRows({ assets, bytes, expected, onRow, onDone, onFailure }) {
  const [, height, width] = expected.shape;
  const rowWidth = STEPS.length * width;
  const rowBytes = rowWidth * height * 4;
  const worker = new Worker(new URL("decoder-worker.js", assets), { type: "module" });
  /** @type {ArrayBuffer | null} given back to the worker, so that a drag allocates nothing */
  let spare = null;
  /** @type {(message: any) => void} */
  let answered = () => {};
  let failed = false;
  /** What each row was decoded for: a latent's own row stays as it is while only that latent moves. */
  const drawn = new Map();
  const place = (z, latent) => z.filter((_, other) => other !== latent).join();

  function fail(sentence) {
    failed = true;
    answered(null);
    onFailure(sentence);
  }

  worker.addEventListener("message", ({ data }) => {
    if (data.kind === "failed") fail(data.sentence);
    else answered(data);
  });
  worker.addEventListener("error", () =>
    fail("The traversals could not be started: reload the page to try again."),
  );

  const opened = new Promise((resolve) => {
    answered = resolve;
  });
  worker.postMessage({ kind: "open", assets, bytes, expected, steps: STEPS });

  const queue = newestWins(
    async ({ z, latents }) => {
      await opened;
      const stale = latents.filter((latent) => drawn.get(latent) !== place(z, latent));
      if (failed) return;
      if (stale.length) {
        const answer = await new Promise((resolve) => {
          answered = resolve;
          worker.postMessage(
            { kind: "rows", z, latents: stale, buffer: spare },
            { transfer: spare ? [spare] : [] },
          );
          spare = null;
        });
        if (!answer) return;
        stale.forEach((latent, row) => {
          const pixels = new Uint8ClampedArray(answer.buffer, row * rowBytes, rowBytes);
          onRow(latent, new ImageData(pixels, rowWidth, height));
          drawn.set(latent, place(z, latent));
        });
        spare = answer.buffer;
      }
      onDone(z);
    },
    () => fail("The traversals could not be drawn: reload the page to try again."),
  );

  return {
    request: (z, latents) => queue.request({ z, latents }),
    settled: queue.settled,
    destroy: () => worker.terminate(),
  };
}
