/** How many codes a placement is blended from. */
export const NEIGHBOURS = 15;

/** Looking through more codes than this takes longer than a frame lasts. */
const MOST_SEARCHED = 100_000;

/** So that a code lies exactly on its own point of the map, and nothing is divided by zero. */
const TOUCHING = 1e-6;

/**
 * The nearest rows found so far, nearest first. One is filled again at every search: nothing is allocated while z moves.
 *
 * @typedef {{indices: Int32Array, distances: Float64Array, found: number}} Nearest
 */

/** @param {number} k @returns {Nearest} with squared distances while a search runs */
export const emptyNearest = (k) => ({ indices: new Int32Array(k), distances: new Float64Array(k), found: 0 });

/** @param {Nearest} nearest @returns {Nearest} ready for another search */
export function clear(nearest) {
  nearest.found = 0;
  nearest.distances.fill(Infinity);
  return nearest;
}

/** Puts a row where its distance belongs. @param {Nearest} nearest @param {number} index @param {number} distance */
export function insert(nearest, index, distance) {
  const { indices, distances } = nearest;
  if (nearest.found < indices.length) nearest.found++;
  let at = nearest.found - 1;
  for (; at > 0 && distances[at - 1] > distance; at--) {
    distances[at] = distances[at - 1];
    indices[at] = indices[at - 1];
  }
  distances[at] = distance;
  indices[at] = index;
}

/** @param {Nearest} nearest */
export function finish(nearest) {
  for (let at = 0; at < nearest.found; at++) nearest.distances[at] = Math.sqrt(nearest.distances[at]);
  return nearest;
}

/**
 * Searches codes by Euclidean distance over some of their latents, by looking at every one.
 *
 * @param {{codes: Float32Array, count: number, latents: number, chosen: number[], k?: number}} options `codes` holds
 *   `count` rows of `latents` values; distances are over the `chosen` ones
 * @returns {{searched: number, nearest(z: ArrayLike<number>): Nearest}} `searched`: of more codes than MOST_SEARCHED an
 *   evenly spaced part; the answer is overwritten by the next search
 */
export function createSearch({ codes, count, latents, chosen, k = NEIGHBOURS }) {
  const searched = Math.min(count, MOST_SEARCHED);
  const width = chosen.length;
  const rows = new Float32Array(searched * width);
  const row = (/** @type {number} */ at) => (searched === count ? at : Math.floor((at * count) / searched));
  for (let at = 0; at < searched; at++) {
    for (let by = 0; by < width; by++) rows[at * width + by] = codes[row(at) * latents + chosen[by]];
  }
  const aim = new Float32Array(width);
  const nearest = emptyNearest(Math.min(k, searched));

  return {
    searched,
    nearest(z) {
      for (let by = 0; by < width; by++) aim[by] = z[chosen[by]];
      clear(nearest);
      const last = nearest.indices.length - 1;
      let worst = Infinity;
      for (let at = 0, from = 0; at < searched; at++, from += width) {
        let distance = 0;
        for (let by = 0; by < width; by++) {
          const step = rows[from + by] - aim[by];
          distance += step * step;
        }
        if (distance < worst) {
          insert(nearest, row(at), distance);
          worst = nearest.distances[last];
        }
      }
      return finish(nearest);
    },
  };
}

/**
 * The mean of the found rows of `values`, each weighted by 1 / (distance + 10⁻⁶).
 *
 * @param {Nearest} nearest
 * @param {ArrayLike<number>} values rows of `out.length` values
 * @param {number[] | Float32Array | Float64Array} out
 */
export function blend(nearest, values, out) {
  const width = out.length;
  let total = 0;
  for (let by = 0; by < width; by++) out[by] = 0;
  for (let at = 0; at < nearest.found; at++) {
    const weight = 1 / (nearest.distances[at] + TOUCHING);
    const from = nearest.indices[at] * width;
    for (let by = 0; by < width; by++) out[by] += weight * values[from + by];
    total += weight;
  }
  for (let by = 0; by < width; by++) out[by] /= total;
  return out;
}

/** Of the geometric median: steps towards it, and how far it is softened, as a part of the map's larger side. */
const [STEPS, SOFT] = [10, 0.01];

/**
 * The geometric median of the found points of a plane, each weighted as in `blend`: where the mean would lie between two
 * clusters that both have some of them, the median lies in one. By Weiszfeld's iteration, from the mean.
 *
 * @param {Nearest} nearest
 * @param {ArrayLike<number>} points x and y of each
 * @param {number} side of the map, the larger
 * @param {Float64Array} out
 */
export function median(nearest, points, side, out) {
  blend(nearest, points, out);
  const soft = (SOFT * side) ** 2;
  for (let step = 0; step < STEPS; step++) {
    const [x, y] = out;
    let total = 0;
    out[0] = out[1] = 0;
    for (let at = 0; at < nearest.found; at++) {
      const from = 2 * nearest.indices[at];
      const away = (points[from] - x) ** 2 + (points[from + 1] - y) ** 2;
      const pull = 1 / (nearest.distances[at] + TOUCHING) / Math.sqrt(away + soft);
      out[0] += pull * points[from];
      out[1] += pull * points[from + 1];
      total += pull;
    }
    out[0] /= total;
    out[1] /= total;
  }
  return out;
}
