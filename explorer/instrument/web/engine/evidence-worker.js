import { createExact, startsOf } from "../evidence/exact.js";
import { fit } from "../evidence/fit.js";
import { gradients } from "../evidence/gradients.js";
import { split } from "../evidence/information.js";
import { elboOf } from "../evidence/quadrature.js";
import { logWeights } from "../evidence/weights.js";
import { openDecoder } from "./decoder.js";
import { startEngine } from "./session.js";

/**
 * Computes exact posteriors and gradients away from the page, with an engine of its own: neither an image nor a filmstrip
 * waits for it. The page's side is `evidence/measurer.js`.
 *
 * @typedef {import("../evidence/quadrature.js").Q} Q
 * @typedef {{kind: "open", engine: import("./session.js").Engine, bytes: Uint8Array, control: string, latents: number,
 *   output: {likelihood: string | null, sigma?: number | null}, expected: import("./decoder.js").Expected}} Open
 * @typedef {{kind: "posterior", x: Float32Array}} Ask
 * @typedef {{kind: "elbo", x: Float32Array, q: Q} | {kind: "weights", x: Float32Array, q: Q}} Try
 * @typedef {{kind: "fit", x: Float32Array, posterior: import("../evidence/exact.js").Posterior}} Fit
 * @typedef {{kind: "information", codes: import("../evidence/information.js").Codes}} Codes
 * @typedef {{kind: "gradients", x: Float32Array, q: Q, draws: number, seed: number}} Slopes
 */

/** @type {{exact: ReturnType<typeof createExact>, slopes(message: Slopes): ReturnType<typeof gradients>} | null} */
let opened = null;

/** @param {Open} message */
async function open({ engine, bytes, expected, control, latents, output }) {
  const decoder = await openDecoder(await startEngine(engine), bytes, expected);
  const pixels = expected.gives.reduce((product, size) => product * size, 1);
  const decode = (/** @type {Float32Array} */ data, /** @type {number} */ count) =>
    decoder.decode({ [control]: { type: "float32", data, dims: [count, latents] } }, count);
  opened = {
    exact: createExact(decode, pixels),
    slopes: ({ x, q, draws, seed }) => gradients(decode, output, x, q, draws, seed),
  };
}

/** @param {Open | Ask | Try | Fit | Codes | Slopes} message @returns {Promise<any>} */
async function answer(message) {
  if (message.kind === "open") return open(message);
  if (message.kind === "information") return split(message.codes);
  if (!opened) throw new Error("The worker was used before it was opened.");
  const { exact, slopes } = opened;
  if (message.kind === "gradients") return slopes(message);
  if (message.kind === "posterior") {
    const { z, logJoint, side, logEvidence } = await exact.posterior(message.x);
    return { z, logJoint, side, logEvidence };
  }
  const joint = exact.jointOf(message.x);
  if (message.kind === "elbo") return (await elboOf(joint, message.q)).elbo;
  if (message.kind === "weights") return logWeights(joint, message.q);
  const [first, second] = startsOf(message.posterior);
  const [a, b] = [await fit(joint, first), await fit(joint, second)];
  return a.elbo > b.elbo ? a : b;
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
