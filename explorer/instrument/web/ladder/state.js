import { present } from "../present.js";
import { finalOf, methodsOf, rungsOf, runOf, runsOf } from "./table.js";

/**
 * What a person sees and a link holds.
 *
 * @typedef {object} State
 * @property {string} recipe the row
 * @property {number} seed
 * @property {number} step of the stage
 * @property {number} image of the examples
 * @property {boolean} keep the same z goes to every model; otherwise each encodes the image anew
 * @property {number[] | null} z where the latents are; nothing until a model has encoded the image
 *
 * @typedef {import("./table.js").Table} Table
 */

/** Of the state, what asks for another model or another z. */
const TURNING = /** @type {const} */ (["recipe", "seed", "step", "image", "keep"]);

/** @param {State} state @param {State | null} before @returns {boolean} whether more has changed than where z is */
export const hasTurned = (state, before) => !before || TURNING.some((name) => state[name] !== before[name]);

/** @param {Table} table @returns {State | null} in the middle of the rungs that were trained; nothing where none was */
export function begin(table) {
  const rungs = rungsOf(table);
  const row = rungs[Math.floor(rungs.length / 2)] ?? methodsOf(table)[0];
  if (!row) return null;
  const run = runsOf(table, row.recipe)[0];
  return { recipe: row.recipe, seed: run.seed, step: finalOf(run).step, image: 0, keep: false, z: null };
}

/**
 * Where a change leads: to the wanted seed or else the nearest that was trained; to the same moment of training or else
 * its end; and to another code, where the image is another, or the model and z is not kept.
 *
 * @param {Table} table
 * @param {State} state
 * @param {Partial<State>} change
 * @returns {State}
 */
export function go(table, state, change) {
  const next = { ...state, ...change };
  const runs = runsOf(table, next.recipe);
  if (!runs.length) return state;
  const run = runs.reduce((best, run) =>
    Math.abs(run.seed - next.seed) < Math.abs(best.seed - next.seed) ? run : best,
  );
  const before = runOf(table, state.recipe, state.seed);
  const wasTrained = !before || state.step === finalOf(before).step;
  const moved = run !== before;
  const step = moved && wasTrained && change.step === undefined ? finalOf(run).step : next.step;
  const stage = run.stages.find((stage) => stage.step === step) ?? finalOf(run);
  next.seed = run.seed;
  next.step = stage.step;
  const otherModel = moved || stage.step !== state.step;
  const isKept = change.z || (next.keep && next.image === state.image);
  const isOther = otherModel || next.image !== state.image || next.keep !== state.keep;
  if ((isOther && !isKept) || next.z?.length !== stage.latents.length) next.z = null;
  return next;
}

/**
 * @param {Table} table
 * @param {State} state
 * @returns {{run: import("./table.js").Run, stage: import("./table.js").Stage}}
 */
export function placeOf(table, { recipe, seed, step }) {
  const run = present(runOf(table, recipe, seed));
  return { run, stage: present(run.stages.find((stage) => stage.step === step)) };
}
