import { clamp } from "../clamp.js";

/** Below this sine of the angle between two codes the arc between them cannot be told from the line. */
const LEAST_SINE = 1e-6;

/**
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 * @param {number} t 0 at a, 1 at b
 * @returns {number[]} on the straight line
 */
export function lerp(a, b, t) {
  return Array.from(a, (value, latent) => (1 - t) * value + t * b[latent]);
}

/**
 * Spherical interpolation (Shoemake 1985, "Animating rotation with quaternion curves"): the direction turns at an even
 * pace from a's to b's, and the length goes evenly from a's to b's. The straight line would lead closer to the origin
 * than nearly all of the prior. Where there is no one arc, because the directions are (nearly) the same or opposed or
 * a code is zero, it is the straight line.
 *
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 * @param {number} t 0 at a, 1 at b
 * @returns {number[]}
 */
export function slerp(a, b, t) {
  const [from, to] = [length(a), length(b)];
  if (!(from > 0 && to > 0)) return lerp(a, b, t);
  let cosine = 0;
  for (let latent = 0; latent < a.length; latent++) cosine += (a[latent] / from) * (b[latent] / to);
  const angle = Math.acos(clamp(cosine, -1, 1));
  const sine = Math.sin(angle);
  if (sine < LEAST_SINE) return lerp(a, b, t);
  const reach = (1 - t) * from + t * to;
  const ofA = (Math.sin((1 - t) * angle) / sine) * (reach / from);
  const ofB = (Math.sin(t * angle) / sine) * (reach / to);
  return Array.from(a, (value, latent) => ofA * value + ofB * b[latent]);
}

/**
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 * @param {ArrayLike<number>} c
 * @returns {number[]} a − b + c: what tells a from b, added to c
 */
export function arithmetic(a, b, c) {
  return Array.from(a, (value, latent) => value - b[latent] + c[latent]);
}

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b @returns {number} Euclidean */
export function distance(a, b) {
  let sum = 0;
  for (let latent = 0; latent < a.length; latent++) sum += (a[latent] - b[latent]) ** 2;
  return Math.sqrt(sum);
}

/** @param {ArrayLike<number>} z */
function length(z) {
  let sum = 0;
  for (let latent = 0; latent < z.length; latent++) sum += z[latent] ** 2;
  return Math.sqrt(sum);
}
