import { seeded } from "../engine/seeded.js";
import { InstrumentError } from "../errors.js";

/** Pairs of differences a score, pairs of random groups it is compared with, and the seed of all draws. */
export const [PAIRS, DRAWS, SEED] = [2000, 200, 0];
/** Of the length of the codes themselves: what is nearer than rounding is the same. */
const SAME = 1e-6;
/** Random pairs of groups between two looks at what else there is to do. */
const AT_ONCE = 10;

/**
 * The codes of N images: N·D numbers.
 *
 * @typedef {{mean: Float32Array, count: number, latents: number}} Codes
 * @typedef {{value: number, random: number[], mean: number, low: number, high: number, below: number}} Coherence the score,
 *   and what random groups of the same sizes have: in rising order, on average, where their middle 95 % lie, and how many
 *   of them are less coherent
 */

/**
 * The difference of the mean codes of two groups, mean(A) − mean(B).
 *
 * @param {Codes} codes
 * @param {Int32Array} a
 * @param {Int32Array} b
 * @returns {{vector: number[], length: number}} `vector` of length 1, and how far apart the means are
 */
export function directionFrom(codes, a, b) {
  for (const [name, group] of Object.entries({ A: a, B: b })) {
    if (group.length < 2)
      throw new InstrumentError(
        `Group ${name} has ${group.length ? "one image" : "no images"}: it needs at least two.`,
      );
  }
  const [meanA, meanB] = [a, b].map((group) => meanOf(codes, group));
  const difference = meanA.map((value, latent) => value - meanB[latent]);
  const length = Math.hypot(...difference);
  if (length <= SAME * Math.max(1, Math.hypot(...meanA)))
    throw new InstrumentError("Both groups have the same mean code, so no direction leads between them.");
  return { vector: difference.map((value) => value / length), length };
}

/** @param {Codes} codes @param {Int32Array} group */
function meanOf({ mean, latents }, group) {
  const sum = new Array(latents).fill(0);
  for (const at of group) for (let latent = 0; latent < latents; latent++) sum[latent] += mean[at * latents + latent];
  return sum.map((value) => value / group.length);
}

/**
 * Whether every way from B to A leads the same way, beside random groups of the same sizes.
 *
 * The mean cosine between differences a − b and a′ − b′ of two random pairs, as Liu et al. (2019), "Latent Space
 * Cartography", score an attribute vector. The two pairs share no image: a − b and a − b′ are never quite independent, which
 * alone would lift small groups above 0.
 *
 * @param {Codes} codes
 * @param {Int32Array} a two members at least
 * @param {Int32Array} b two members at least
 * @param {() => Promise<boolean>} rest comes back once there is nothing else to do; false where the score is not wanted any
 *   more
 * @returns {Promise<Coherence | null>}
 */
export async function coherence(codes, a, b, rest) {
  const random = seeded(SEED);
  const value = meanCosine(codes, a, b, random);
  if (value === null)
    throw new InstrumentError("All codes of both groups are the same, so there is no direction from one to the other.");
  const drawn = [];
  for (let draw = 0; draw < DRAWS; draw++) {
    if (draw % AT_ONCE === 0 && !(await rest())) return null;
    const groups = randomGroups(codes.count, a.length, b.length, random);
    drawn.push(meanCosine(codes, groups[0], groups[1], random) ?? 0);
  }
  drawn.sort((one, other) => one - other);
  return {
    value,
    random: drawn,
    mean: drawn.reduce((sum, score) => sum + score, 0) / DRAWS,
    low: quantile(drawn, 0.025),
    high: quantile(drawn, 0.975),
    below: drawn.filter((score) => score < value).length,
  };
}

/** @param {number[]} rising @param {number} share @returns {number} between its neighbours, in proportion */
function quantile(rising, share) {
  const place = share * (rising.length - 1);
  const at = Math.floor(place);
  return rising[at] + (place - at) * ((rising[at + 1] ?? rising[at]) - rising[at]);
}

/** @param {number} count @param {number} a @param {number} b @param {() => number} random @returns {Int32Array[]} */
function randomGroups(count, a, b, random) {
  if (a + b > count) return [choose(count, a, random), choose(count, b, random)];
  const both = choose(count, a + b, random);
  return [both.subarray(0, a), both.subarray(a)];
}

/** @param {number} count @param {number} size @param {() => number} random @returns {Int32Array} `size` different numbers below `count` */
function choose(count, size, random) {
  const all = Int32Array.from({ length: count }, (_, at) => at);
  for (let at = 0; at < size; at++) {
    const other = at + Math.floor(random() * (count - at));
    [all[at], all[other]] = [all[other], all[at]];
  }
  return all.subarray(0, size);
}

/**
 * @param {Codes} codes @param {Int32Array} a @param {Int32Array} b @param {() => number} random
 * @returns {number | null} nothing where all differences are 0
 */
function meanCosine({ mean, latents }, a, b, random) {
  let sum = 0;
  let count = 0;
  for (let pair = 0; pair < PAIRS; pair++) {
    const [a1, a2] = twoOf(a, random);
    const [b1, b2] = twoOf(b, random);
    let [dot, one, other] = [0, 0, 0];
    for (let latent = 0; latent < latents; latent++) {
      const first = mean[a1 * latents + latent] - mean[b1 * latents + latent];
      const second = mean[a2 * latents + latent] - mean[b2 * latents + latent];
      dot += first * second;
      one += first * first;
      other += second * second;
    }
    // A code in both groups has no difference to itself.
    if (one === 0 || other === 0) continue;
    sum += dot / Math.sqrt(one * other);
    count++;
  }
  return count ? sum / count : null;
}

/** @param {Int32Array} group @param {() => number} random @returns {[number, number]} two different members */
function twoOf(group, random) {
  const { length } = group;
  const first = Math.floor(random() * length);
  const second = (first + 1 + Math.floor(random() * (length - 1))) % length;
  return [group[first], group[second]];
}
