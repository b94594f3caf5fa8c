import { clamp } from "../clamp.js";
import { present } from "../present.js";
import { farthest } from "../spaces/continuous.js";
import { arithmetic, distance, lerp, slerp } from "./interpolate.js";

/** Where the images of the strip lie on the path; what plays step by step stops there. */
export const STATIONS = Array.from({ length: 9 }, (_, at) => at / 8);
/** Steps of the slider from A to B; the stations are among them. */
export const SCRUB_STEPS = 200;

/** How far three decimals of z may lie from what they were rounded from, a latent. */
const ROUNDING = 0.0005;

/** @typedef {import("../store.js").State & {z: number[], most: number}} State `most`: the largest |z| of the model */

/**
 * @param {import("../model/model.js").Model} model of a continuous control
 * @param {import("../store.js").State} state
 * @returns {State} with what a path is about
 */
export const onPath = (model, state) => ({
  ...state,
  z: model.z(state),
  most: farthest(/** @type {import("../model/model.js").Continuous} */ (model.continuous)),
});

/**
 * @template {Pick<State, "pins">} S
 * @param {S} state
 * @returns {state is S & {pins: {a: number[], b: number[]}}} whether there is a path
 */
export function isPath(state) {
  return state.pins.a !== null && state.pins.b !== null;
}

/**
 * @template {Pick<State, "pins">} S
 * @param {S} state
 * @returns {state is S & {pins: {a: number[], b: number[], c: number[]}}} whether there is a sum
 */
export function isSum(state) {
  return isPath(state) && state.pins.c !== null;
}

/** @param {Pick<State, "z" | "locked" | "most">} state @param {ArrayLike<number>} code @returns {number[]} what z becomes on the way there */
function reachable({ z, locked, most }, code) {
  return z.map((value, latent) => (locked.includes(latent) ? value : clamp(code[latent], -most, most)));
}

/**
 * @param {Pick<State, "z" | "locked" | "slerp" | "most">} state
 * @returns {(a: number[], b: number[], t: number) => number[]} what z is on its way from a to b: what is locked stays
 */
export const wayOf = (state) => (a, b, t) => reachable(state, (state.slerp ? slerp : lerp)(a, b, t));

/** @param {State} state with A and B pinned @param {number} t @returns {number[]} */
export const codeAt = (state, t) => wayOf(state)(present(state.pins.a), present(state.pins.b), t);

/** @param {State} state with all three pinned @returns {number[]} A − B + C */
export function sumOf(state) {
  const { a, b, c } = state.pins;
  return reachable(state, arithmetic(present(a), present(b), present(c)));
}

/** @param {State} state with A and B pinned @returns {number | null} t, where z lies on the path */
export function placeOf(state) {
  const { z, pins } = state;
  let [best, nearest] = [0, Infinity];
  for (let step = 0; step <= SCRUB_STEPS; step++) {
    const away = distance(z, codeAt(state, step / SCRUB_STEPS));
    if (away < nearest) [best, nearest] = [step / SCRUB_STEPS, away];
  }
  const between = (0.6 * distance(present(pins.a), present(pins.b))) / SCRUB_STEPS;
  return nearest <= between + ROUNDING * Math.sqrt(z.length) ? best : null;
}
