/** @param {() => number} [random] uniform in [0, 1) @returns {number} one draw from N(0, 1), by Box and Muller's method */
export function standardNormal(random = Math.random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/**
 * KL(N(mean, diag exp(log_variance)) ‖ N(0, I)) in nats, in closed form, of each latent.
 *
 * @param {ArrayLike<number>} mean
 * @param {ArrayLike<number>} logVariance
 * @returns {number[]}
 */
export const klByLatent = (mean, logVariance) =>
  Array.from(mean, (mu, latent) => 0.5 * (mu ** 2 + Math.exp(logVariance[latent]) - 1 - logVariance[latent]));

/**
 * The outline of a normal density for an SVG path whose top is at 0 and whose ground is at 1. What would be higher is cut off
 * at the top.
 *
 * @param {number} mean
 * @param {number} std
 * @param {number} least where it may begin
 * @param {number} most where it may end
 * @param {number} unit the height of the peak of N(0, 1)
 * @returns {string}
 */
export function bell(mean, std, least, most, unit) {
  const ends = 4 * std;
  const from = Math.max(least, mean - ends);
  const to = Math.min(most, mean + ends);
  const points = [];
  for (let step = 0; step <= 48; step++) {
    const x = from + ((to - from) * step) / 48;
    const height = (unit / std) * Math.exp(-0.5 * ((x - mean) / std) ** 2);
    points.push(`${x.toFixed(3)} ${(1 - Math.min(1, height)).toFixed(3)}`);
  }
  return to > from ? `M${from.toFixed(3)} 1L${points.join("L")}L${to.toFixed(3)} 1Z` : "";
}

/**
 * @param {number} std
 * @param {number} unit as of `bell`
 * @returns {number} how far from the mean a bell is cut off; 0 where it is not
 */
export const cutWidth = (std, unit) => (unit > std ? std * Math.sqrt(2 * Math.log(unit / std)) : 0);
