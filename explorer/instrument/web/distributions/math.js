// What the page of small distributions computes: exact where a sum is, on a grid where it is an integral.

/** @param {number[]} logits @returns {number[]} their shares, which sum to 1 */
export function softmax(logits) {
  const most = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - most));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** @param {number} logit @returns {number} */
export const sigmoid = (logit) => 1 / (1 + Math.exp(-logit));

/** @param {number[]} p @returns {number} −Σ p ln p, in nats */
export const entropy = (p) => -p.reduce((sum, share) => sum + (share > 0 ? share * Math.log(share) : 0), 0);

/** @param {number[]} p @param {number} u from [0, 1) @returns {number} an index, drawn with these shares */
export function pick(p, u) {
  let left = u;
  const found = p.findIndex((share) => {
    left -= share;
    return left < 0;
  });
  return found < 0 ? p.length - 1 : found;
}

/**
 * Ancestral sampling: every variable is drawn after its parents.
 *
 * @param {{parents: number[], table: number[]}[]} nodes in an order in which parents come first; `table` holds the chance of
 *   1 for every setting of the parents, the first parent the highest bit
 * @param {() => number} random
 * @returns {number[]} 0 or 1 each
 */
export function ancestral(nodes, random) {
  /** @type {number[]} */
  const values = [];
  for (const { parents, table } of nodes) values.push(random() < table[rowOf(parents, values)] ? 1 : 0);
  return values;
}

/** @param {number[]} parents @param {number[]} values @returns {number} the row of a table that these parents choose */
export const rowOf = (parents, values) => parents.reduce((row, parent) => 2 * row + values[parent], 0);

/**
 * The chance that a variable is 1, summed over all settings of all variables.
 *
 * @param {{parents: number[], table: number[]}[]} nodes @param {number} which
 */
export function marginal(nodes, which) {
  let sum = 0;
  for (let setting = 0; setting < 2 ** nodes.length; setting++) {
    const values = nodes.map((_, at) => (setting >> at) & 1);
    if (values[which]) sum += joint(nodes, values);
  }
  return sum;
}

/** @param {{parents: number[], table: number[]}[]} nodes @param {number[]} values @returns {number} ∏ p(x | parents) */
export function joint(nodes, values) {
  return nodes.reduce((product, { parents, table }, at) => {
    const one = table[rowOf(parents, values)];
    return product * (values[at] ? one : 1 - one);
  }, 1);
}

/** @typedef {{x: number, y: number}} Point */

/** @param {Point[]} points @returns {{slope: number, offset: number}} of the line with the least squared error */
export function leastSquares(points) {
  const mean = { x: average(points.map(({ x }) => x)), y: average(points.map(({ y }) => y)) };
  const spread = points.reduce((sum, { x }) => sum + (x - mean.x) ** 2, 0);
  const together = points.reduce((sum, { x, y }) => sum + (x - mean.x) * (y - mean.y), 0);
  const slope = spread ? together / spread : 0;
  return { slope, offset: mean.y - slope * mean.x };
}

/** @param {Point[]} points @param {{slope: number, offset: number}} line @returns {number} Σ (y − line)² */
export const squaredError = (points, { slope, offset }) =>
  points.reduce((sum, { x, y }) => sum + (y - slope * x - offset) ** 2, 0);

/**
 * −Σ ln N(y; line, σ²): up to what the points alone decide, the KL from the data to the model.
 *
 * @param {Point[]} points @param {{slope: number, offset: number}} line @param {number} sigma
 */
export const gaussianNats = (points, line, sigma) =>
  squaredError(points, line) / (2 * sigma ** 2) + points.length * Math.log(sigma * Math.sqrt(2 * Math.PI));

/** @param {number[]} values */
const average = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** @typedef {{mean: number, sigma: number, share: number}} Hump */

/** @param {Hump[]} humps @param {number} x @returns {number} ln of their mixture's density */
export function logDensity(humps, x) {
  const [{ mean, sigma }] = humps;
  if (humps.length === 1) return -Math.log(sigma * Math.sqrt(2 * Math.PI)) - (x - mean) ** 2 / (2 * sigma ** 2);
  const terms = humps.map(
    ({ mean, sigma, share }) =>
      Math.log(share) - Math.log(sigma * Math.sqrt(2 * Math.PI)) - (x - mean) ** 2 / (2 * sigma ** 2),
  );
  const most = Math.max(...terms);
  return most + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - most), 0));
}

/** @param {Hump[]} p @param {Hump[]} q @returns {number} KL(p ‖ q) in nats, by a sum over a fine grid */
export function kl(p, q) {
  const step = 0.05;
  let sum = 0;
  for (let x = -15; x <= 15; x += step) {
    const log = logDensity(p, x);
    if (log > -60) sum += Math.exp(log) * (log - logDensity(q, x)) * step;
  }
  return sum;
}

/**
 * One step down a function of a mean and a σ: along its slope in mean and ln σ, and only if that leads down.
 *
 * @param {(hump: Hump) => number} cost @param {Hump} hump @returns {Hump} itself where no step leads down
 */
export function descend(cost, hump) {
  const h = 1e-3;
  const moved = (/** @type {number} */ right, /** @type {number} */ wider) => ({
    ...hump,
    mean: hump.mean + right,
    sigma: hump.sigma * Math.exp(wider),
  });
  const right = (cost(moved(h, 0)) - cost(moved(-h, 0))) / (2 * h);
  const wider = (cost(moved(0, h)) - cost(moved(0, -h))) / (2 * h);
  const here = cost(hump);
  for (let rate = 0.1; rate > 1e-4; rate /= 4) {
    const next = moved(-rate * right, -rate * wider);
    if (cost(next) < here - 1e-7) return next;
  }
  return hump;
}
