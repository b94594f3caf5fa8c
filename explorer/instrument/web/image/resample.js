import { clamp } from "../clamp.js";

/**
 * @typedef {{left: number, top: number, width: number, height: number}} Window a part of a picture, in its pixels, that may
 *   reach beyond it
 * @typedef {{width: number, height: number, rows(top: number, count: number): ArrayLike<number>}} Source opaque pixels,
 *   R, G, B, A up to 255
 */

/**
 * The weights that make `size` values of the source's values from `from` to `from + length`, by the triangle filter made
 * as wide as a step of the result: smooth where it enlarges, and an average of everything where it reduces. It is what
 * Pillow calls BILINEAR.
 *
 * @param {number} from
 * @param {number} length
 * @param {number} size of the result
 * @param {number} available values of the source
 * @param {boolean} held beyond its ends the source goes on as it ends; without, there is nothing, and weights sum to less
 * @returns {{first: number, weights: Float64Array, sum: number}[]}
 */
function triangle(from, length, size, available, held) {
  const step = length / size;
  const reach = Math.max(1, step);
  return Array.from({ length: size }, (_, at) => {
    const centre = from + (at + 0.5) * step;
    const first = Math.floor(centre - reach + 0.5);
    const last = Math.floor(centre + reach + 0.5);
    const inside = clamp(first, 0, available - 1);
    const weights = new Float64Array(Math.max(1, Math.min(available, last) - inside));
    let all = 0;
    for (let i = first; i < last; i++) {
      const weight = Math.max(0, 1 - Math.abs(i + 0.5 - centre) / reach);
      const isInside = i >= 0 && i < available;
      if (isInside) weights[i - inside] = weight;
      if (isInside || !held) all += weight;
    }
    for (let i = 0; i < weights.length; i++) weights[i] /= all;
    return { first: inside, weights, sum: weights.reduce((sum, weight) => sum + weight, 0) };
  });
}

/**
 * Reduces or enlarges a part of a picture, row by row as they come, so that a large one is never held whole.
 *
 * @param {Source} source
 * @param {Window} window
 * @param {number} width of the result
 * @param {number} height of the result
 * @param {number | null} [outside] what lies beyond the source, in [0, 1]; null: its ends go on
 * @param {1 | 3} [colours] one: the source is grey, and its red is enough
 * @returns {Float32Array} (colours, height, width) in [0, 1]
 */
export function resample(source, window, width, height, outside = null, colours = 3) {
  const held = outside === null;
  const across = triangle(window.left, window.width, width, source.width, held);
  const down = triangle(window.top, window.height, height, source.height, held);
  const plane = width * height;
  const sums = new Float64Array(colours * plane);
  const row = new Float64Array(colours * width);
  const first = Math.min(...down.map((one) => one.first));
  const last = Math.max(...down.map((one) => one.first + one.weights.length));
  const strip = Math.max(1, Math.floor(2 ** 20 / source.width));
  for (let top = first; top < last; top += strip) {
    const count = Math.min(strip, last - top);
    const pixels = source.rows(top, count);
    for (let y = 0; y < count; y++) {
      for (let x = 0; x < width; x++) {
        const { first: from, weights } = across[x];
        const at = 4 * (y * source.width + from);
        for (let colour = 0; colour < colours; colour++) {
          let sum = 0;
          for (let i = 0; i < weights.length; i++) sum += weights[i] * pixels[at + 4 * i + colour];
          row[colour * width + x] = sum;
        }
      }
      for (let to = 0; to < height; to++) {
        const weight = down[to].weights[top + y - down[to].first];
        if (!weight) continue;
        for (let colour = 0; colour < colours; colour++) {
          const place = colour * plane + to * width;
          for (let x = 0; x < width; x++) sums[place + x] += weight * row[colour * width + x];
        }
      }
    }
  }
  const image = new Float32Array(colours * plane);
  for (let at = 0; at < sums.length; at++) {
    const covered = across[at % width].sum * down[Math.floor((at % plane) / width)].sum;
    image[at] = Math.min(1, sums[at] / 255 + (1 - covered) * (outside ?? 0));
  }
  return image;
}

/**
 * Luma, ITU-R BT.601, as it is weighted where pictures become grey.
 *
 * @param {Float32Array} picture (3, height, width)
 * @returns {Float32Array} (1, height, width)
 */
export function grey(picture) {
  const plane = picture.length / 3;
  return Float32Array.from(
    { length: plane },
    (_, at) => 0.299 * picture[at] + 0.587 * picture[plane + at] + 0.114 * picture[2 * plane + at],
  );
}

/**
 * @param {Float32Array} image
 * @returns {Float32Array} in the 256 levels that the data have too
 */
export function levels(image) {
  return image.map((value) => Math.round(255 * value) / 255);
}
