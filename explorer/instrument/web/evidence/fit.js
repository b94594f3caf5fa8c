import { clamp } from "../clamp.js";
import { elboOf } from "./quadrature.js";

/** @typedef {import("./quadrature.js").Q & {elbo: number}} Fitted */

const [MOST_STEPS, MOST_HALVINGS] = [14, 5];
const CLOSE_NATS = 2e-3;
/** A step changes σ by this factor at most. */
const MOST_WIDENING = 3;

/**
 * The Gaussian with independent latents whose ELBO is largest, from a start: Newton's steps on the mean, and on σ towards
 * 1/σ² = −E_q[∂²f], where its slope is zero (Opper & Archambeau 2009, eq. 8). A step that lowers the ELBO is halved.
 *
 * @param {import("./quadrature.js").Joint} joint
 * @param {import("./quadrature.js").Q} start
 * @returns {Promise<Fitted>}
 */
export async function fit(joint, start) {
  let q = start;
  let now = await elboOf(joint, q);
  for (let step = 0; step < MOST_STEPS; step++) {
    const goal = newton(q, now);
    let share = 1;
    let next = between(q, goal, share);
    let found = await elboOf(joint, next);
    for (let halved = 0; found.elbo < now.elbo && halved < MOST_HALVINGS; halved++) {
      share /= 2;
      next = between(q, goal, share);
      found = await elboOf(joint, next);
    }
    const won = found.elbo - now.elbo;
    if (won > 0) [q, now] = [next, found];
    if (won < CLOSE_NATS) break;
  }
  return { ...q, elbo: now.elbo };
}

/**
 * @param {import("./quadrature.js").Q} q
 * @param {Awaited<ReturnType<typeof elboOf>>} at
 * @returns {import("./quadrature.js").Q}
 */
function newton({ mean, std }, { slope, curvature: [c00, c01, c11] }) {
  const wanted = [c00, c11].map((curvature, at) =>
    curvature < 0 ? 1 / Math.sqrt(-curvature) : MOST_WIDENING * std[at],
  );
  const wide = wanted.map((value, at) => clamp(value, std[at] / MOST_WIDENING, MOST_WIDENING * std[at]));
  const determinant = c00 * c11 - c01 * c01;
  // Downhill by Newton only where ln p(x, z) is a hill; elsewhere as far along its slope as σ is wide.
  const move =
    c00 < 0 && determinant > 0
      ? [(c01 * slope[1] - c11 * slope[0]) / determinant, (c01 * slope[0] - c00 * slope[1]) / determinant]
      : slope.map((value, at) => value * wide[at] ** 2);
  const length = Math.max(...move.map((value, at) => Math.abs(value) / (4 * Math.max(std[at], wide[at]))), 1);
  return { mean: mean.map((value, at) => value + move[at] / length), std: wide };
}

/** @param {import("./quadrature.js").Q} a @param {import("./quadrature.js").Q} b @param {number} share */
const between = (a, b, share) => ({
  mean: a.mean.map((value, at) => value + share * (b.mean[at] - value)),
  std: a.std.map((value, at) => value * (b.std[at] / value) ** share),
});
