import { createExact } from "../evidence/exact.js";
import { openDecoder } from "./decoder.js";
import { startEngine } from "./session.js";

/**
 * Computes exact posteriors away from the page, with an engine of its own: neither an image nor a filmstrip waits for it.
 * The page's side is `evidence/evidence.js`.
 *
 * @typedef {{kind: "open", id: number, engine: import("./session.js").Engine, bytes: Uint8Array, control: string,
 *   expected: import("./decoder.js").Expected}} Open
 * @typedef {{kind: "posterior", id: number, x: Float32Array}} Ask
 * @typedef {{kind: "elbo", id: number, x: Float32Array, mean: number[], std: number[]}} Try
 */

/** @type {ReturnType<typeof createExact> | null} */
let exact = null;

/** @param {Open} message */
async function open({ engine, bytes, expected, control }) {
  const decoder = await openDecoder(await startEngine(engine), bytes, expected);
  const pixels = expected.gives.reduce((product, size) => product * size, 1);
  exact = createExact(
    (data, count) => decoder.decode({ [control]: { type: "float32", data, dims: [count, 2] } }, count),
    pixels,
  );
  await exact.prepare();
}

/** @param {Open | Ask | Try} message */
async function answer(message) {
  if (message.kind === "open") return open(message);
  if (!exact) throw new Error("The worker was asked before it was opened.");
  if (message.kind === "elbo") return exact.elbo(message.x, message.mean, message.std);
  const { z, logJoint, side, logEvidence } = await exact.posterior(message.x);
  return { z, logJoint, side, logEvidence };
}

/** One at a time, in the order in which they came. @type {Promise<void>} */
let last = Promise.resolve();

addEventListener("message", ({ data }) => {
  last = last.then(async () => {
    try {
      postMessage({ id: data.id, result: await answer(data) });
    } catch (error) {
      console.error(error);
      postMessage({ id: data.id, failed: true });
    }
  });
});
