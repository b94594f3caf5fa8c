import { context2d } from "../dom.js";

/**
 * Draws the mass of a posterior in the plane, and the bell curves q over it at 1 and 2 σ.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {import("./exact.js").Posterior} posterior
 * @param {{mean: number[], std: number[], look: "encoder" | "here"}[]} curves
 */
export function drawPosterior(canvas, { z, logJoint, side }, curves) {
  const context = context2d(canvas);
  const { width, height } = canvas;
  const style = getComputedStyle(canvas);
  let most = -Infinity;
  for (const value of logJoint) most = Math.max(most, value);
  // In sight: what holds some of the mass, and the curves.
  const [low, high] = [
    [Infinity, Infinity],
    [-Infinity, -Infinity],
  ];
  const include = (/** @type {number} */ axis, /** @type {number} */ from, /** @type {number} */ to) => {
    low[axis] = Math.min(low[axis], from);
    high[axis] = Math.max(high[axis], to);
  };
  for (let at = 0; at < side.length; at++) {
    if (logJoint[at] < most - 7) continue;
    for (const axis of [0, 1]) include(axis, z[2 * at + axis] - side[at], z[2 * at + axis] + side[at]);
  }
  for (const { mean, std } of curves)
    for (const axis of [0, 1]) include(axis, mean[axis] - 2.5 * std[axis], mean[axis] + 2.5 * std[axis]);
  const span = 1.1 * Math.max(high[0] - low[0], high[1] - low[1]);
  const scale = width / span;
  const x = (/** @type {number} */ value) => width / 2 + (value - (low[0] + high[0]) / 2) * scale;
  const y = (/** @type {number} */ value) => height / 2 - (value - (low[1] + high[1]) / 2) * scale;

  context.clearRect(0, 0, width, height);
  context.fillStyle = style.getPropertyValue("--ink");
  for (let at = 0; at < side.length; at++) {
    const share = Math.exp(logJoint[at] - most);
    if (share < 1e-3) continue;
    const size = Math.max(1, side[at] * scale);
    context.globalAlpha = share ** 0.5;
    context.fillRect(x(z[2 * at]) - size / 2, y(z[2 * at + 1]) - size / 2, size + 0.5, size + 0.5);
  }
  context.globalAlpha = 1;
  context.strokeStyle = style.getPropertyValue("--accent");
  context.lineWidth = 2;
  for (const { mean, std, look } of curves) {
    context.setLineDash(look === "here" ? [] : [5, 4]);
    for (const sigmas of [1, 2]) {
      context.beginPath();
      context.ellipse(x(mean[0]), y(mean[1]), sigmas * std[0] * scale, sigmas * std[1] * scale, 0, 0, 2 * Math.PI);
      context.stroke();
    }
  }
}
