import { createExact, sharpened, startsOf } from "../evidence/exact.js";
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
 * @typedef {{kind: "fit" | "sharpen", x: Float32Array, posterior: import("../evidence/exact.js").Posterior}} Fit
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
  if (message.kind === "posterior") return exact.posterior(message.x);
  const joint = exact.jointOf(message.x);
  if (message.kind === "elbo") return (await elboOf(joint, message.q)).elbo;
  if (message.kind === "weights") return logWeights(joint, message.q);
  const { posterior } = message;
  if (message.kind === "sharpen") return givingWay(joint, (gentle) => sharpened(gentle, posterior));
  return givingWay(joint, (gentle) => bestOf(gentle, posterior));
}

/** How many points are decoded before the worker looks whether anything else was asked. */
const AT_A_TIME = 100;

/**
 * What takes longest gives way to whatever is asked meanwhile: another image, or the ELBO of a q that moves.
 *
 * @template T
 * @param {import("../evidence/quadrature.js").Joint} joint
 * @param {(joint: import("../evidence/quadrature.js").Joint) => Promise<T>} work
 * @returns {Promise<T | null>} nothing where it gave way
 */
async function givingWay(joint, work) {
  /** @type {import("../evidence/quadrature.js").Joint} */
  const gentle = async (z) => {
    const found = new Float64Array(z.length / 2);
    for (let from = 0; from < found.length; from += AT_A_TIME) {
      // A message is only received between two tasks.
      await new Promise((resolve) => setTimeout(resolve));
      if (waiting > 0) throw GAVE_WAY;
      found.set(await joint(z.subarray(2 * from, 2 * (from + AT_A_TIME))), from);
    }
    return found;
  };
  try {
    return await work(gentle);
  } catch (error) {
    if (error === GAVE_WAY) return null;
    throw error;
  }
}

/**
 * @param {import("../evidence/quadrature.js").Joint} joint
 * @param {import("../evidence/exact.js").Posterior} posterior
 * @returns {Promise<import("../evidence/fit.js").Fitted>}
 */
async function bestOf(joint, posterior) {
  const [first, second] = startsOf(posterior);
  const [a, b] = [await fit(joint, first), await fit(joint, second)];
  return a.elbo > b.elbo ? a : b;
}

const GAVE_WAY = new Error("gave way");
/** Messages that are not answered yet, without the one that is at work. */
let waiting = 0;

/** One at a time, in the order in which they came. @type {Promise<void>} */
let last = Promise.resolve();

addEventListener("message", ({ data }) => {
  waiting++;
  last = last.then(async () => {
    waiting--;
    try {
      postMessage({ id: data.id, result: await answer(data) });
    } catch (error) {
      console.error(error);
      postMessage({ id: data.id, failed: true });
    }
  });
});
