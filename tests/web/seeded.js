import { seeded as draws } from "../../explorer/instrument/web/engine/seeded.js";

/**
 * Numbers that look random and are the same in every run.
 *
 * @param {number} seed
 */
export function seeded(seed) {
  const draw = draws(seed);
  const uniform = (low = 0, high = 1) => low + (high - low) * draw();
  /** One draw from N(0, 1), by Box and Muller's method. */
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}
