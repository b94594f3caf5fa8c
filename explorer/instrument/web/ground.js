/**
 * What lies around the objects of a data set, measured on its images rather than known by name.
 *
 * @typedef {{grey: number, plain: boolean}} Ground its grey in [0, 1]; `plain` where nearly all of the images' edges are
 *   near it, so that ink can be told from ground
 */

const IMAGES = 24;
const NEAR = 0.1;
const MOST = 0.8;

/** @type {Ground} what the data most often are, until they have been looked at */
export const UNKNOWN = { grey: 0, plain: false };

/**
 * @param {Float32Array} image C×H×W
 * @param {import("./pixels.js").Shape} shape
 * @returns {number[]} the values along its edge, of all channels
 */
export function edge(image, [channels, height, width]) {
  const found = [];
  for (let y = 0; y < height; y++) {
    const step = y === 0 || y === height - 1 ? 1 : Math.max(1, width - 1);
    for (let x = 0; x < width; x += step) {
      for (let channel = 0; channel < channels; channel++) {
        found.push(image[(channel * height + y) * width + x]);
      }
    }
  }
  return found;
}

/** @param {number[]} values @returns {number} */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/**
 * @param {import("./thumbnails.js").Thumbnails} thumbnails
 * @param {number} count of images there are
 * @param {import("./pixels.js").Shape} shape
 * @returns {Promise<Ground>}
 */
export async function measureGround(thumbnails, count, shape) {
  const some = Array.from({ length: Math.min(IMAGES, count) }, (_, at) => thumbnails.pixels(at));
  const values = (await Promise.all(some)).flatMap((image) => edge(image, shape));
  const grey = median(values);
  const near = values.filter((value) => Math.abs(value - grey) < NEAR).length;
  return { grey, plain: near >= MOST * values.length };
}
