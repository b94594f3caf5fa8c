import { seeded } from "../engine/seeded.js";
import { sigmoid } from "./math.js";
import { adam, createNetwork, weights } from "./network.js";

/** Of the network that the page fits. */
export const HIDDEN = 3;
const [STEPS, RATE, STARTS] = [1500, 0.05, 3];

/** @param {number} row of a table of k bits @param {number} k @returns {number[]} its bits, the first the highest */
export const bitsOf = (row, k) => Array.from({ length: k }, (_, at) => (row >> (k - 1 - at)) & 1);

/** @param {number[]} unit k weights and a bias @returns {number[]} the logit of p(y = 1 | x) for each of 2^k rows */
export function logitsOfUnit(unit) {
  const k = unit.length - 1;
  return Array.from({ length: 2 ** k }, (_, row) =>
    bitsOf(row, k).reduce((sum, bit, at) => sum + bit * unit[at], unit[k]),
  );
}

/**
 * How far the rows of a table are from those of a network, every x as likely as any other.
 *
 * @param {number[]} table p(y = 1 | x), strictly between 0 and 1 @param {number[]} logits the network's: a
 *   probability is rounded to 1 from a logit of 37 on, and would be infinitely far
 * @returns {number} the mean KL(table ‖ network), in nats
 */
export const meanKl = (table, logits) =>
  table.reduce((sum, p, row) => {
    const [one, zero] = [Math.log1p(Math.exp(-logits[row])), Math.log1p(Math.exp(logits[row]))];
    return sum + p * (Math.log(p) + one) + (1 - p) * (Math.log(1 - p) + zero);
  }, 0) / table.length;

/** @param {number[]} table of 2^k rows @returns {number[]} k weights and a bias: the unit nearest to it in mean KL */
export function fitUnit(table) {
  const k = Math.log2(table.length);
  const unit = weights(k + 1, () => 0);
  for (let step = 1; step <= STEPS; step++) {
    logitsOfUnit([...unit.value]).forEach((logit, row) => {
      [...bitsOf(row, k), 1].forEach((input, at) => {
        unit.slope[at] += ((sigmoid(logit) - table[row]) * input) / table.length;
      });
    });
    adam([unit], step, RATE);
  }
  return [...unit.value];
}

/** @param {number[]} table of 2^k rows @returns {number[]} the logits of a network with `HIDDEN` units that learned the table, the best of a few starts */
export function fitHidden(table) {
  const k = Math.log2(table.length);
  const x = Float64Array.from(table.flatMap((_, row) => bitsOf(row, k)));
  const tries = Array.from({ length: STARTS }, (_, start) => {
    const network = createNetwork(k, HIDDEN, 1, seeded(start + 1));
    const logits = () => Array.from(network.forward(x).out);
    for (let step = 1; step <= STEPS; step++) {
      const passed = network.forward(x);
      network.backward(
        passed,
        passed.out.map((logit, row) => (sigmoid(logit) - table[row]) / table.length),
      );
      adam(network.learned, step, RATE);
    }
    return logits();
  });
  return tries.reduce((best, one) => (meanKl(table, one) < meanKl(table, best) ? one : best));
}
