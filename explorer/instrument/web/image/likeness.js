import { spell } from "../dom.js";

/** An image beyond this share of the examples in either of two measures is unlike them; of their own kind about 1 in 100 is. */
const SHARE = 0.995;

/** Of fewer examples, none can be said to lie beyond 199 in 200. */
export const LEAST = 200;

/**
 * @param {ArrayLike<number>} values
 * @param {number} value
 * @returns {number} the share of values that are smaller
 */
export function shareBelow(values, value) {
  let below = 0;
  for (let at = 0; at < values.length; at++) if (values[at] < value) below++;
  return below / values.length;
}

/**
 * What an image is unlike the ones that came with the model in, by the reconstruction from its own code.
 *
 * @param {object} image
 * @param {Float32Array} image.pixels
 * @param {number | null} image.nats −ln p(x|z) at its own code
 * @param {number | null} image.error of the reconstruction, relative to the image
 * @param {boolean} image.isExample it came with the model itself
 * @param {{nats: ArrayLike<number> | null, errors: ArrayLike<number> | null}} known the same of the examples
 * @param {string} split of the examples
 * @returns {string | null} nothing where it is like them, or where that cannot be measured
 */
export function unlikeness({ pixels, nats, error, isExample }, known, split) {
  if (pixels.every((value) => value === pixels[0])) return "This image is blank: there is nothing in it to encode.";
  const more = beyond(nats, known.nats, split);
  const errs = beyond(error, known.errors, split);
  const why = more
    ? `its reconstruction costs ${spell(Math.round(Number(nats)), 0)} nats, more than that of ${more}`
    : errs &&
      `its reconstruction is off by ${spell(100 * Number(error), 0)}\u00a0% of its brightness, more than that of ${errs}`;
  if (!why) return null;
  return `${isExample ? `An unusual ${split} image` : "Not like the images this model was made for"}: ${why}.`;
}

/**
 * @param {number | null} value
 * @param {ArrayLike<number> | null} values of the examples
 * @param {string} split of them
 * @returns {string | null} of how many of them it is more, where it is more than is usual
 */
function beyond(value, values, split) {
  if (value === null || !values || values.length < LEAST) return null;
  const share = shareBelow(values, value);
  if (share <= SHARE) return null;
  const count = spell(values.length, 0);
  return share === 1
    ? `any of ${count} ${split} images`
    : `${spell(100 * share, 1)}\u00a0% of ${count} ${split} images`;
}
