import { spell } from "../dom.js";

/** Beyond this share of the examples an image is not as they are; as for distances between codes. */
const SHARE = 0.99;

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
 * @param {boolean} image.isExample it came with the model itself
 * @param {ArrayLike<number> | null} reconstruction the same of each example, where the model has a likelihood
 * @param {string} split of the examples
 * @returns {string | null} nothing where it is like them, or where that cannot be measured
 */
export function unlikeness({ pixels, nats, isExample }, reconstruction, split) {
  if (pixels.every((value) => value === pixels[0])) return "This image is blank: there is nothing in it to encode.";
  if (!reconstruction || nats === null) return null;
  const share = shareBelow(reconstruction, nats);
  if (share <= SHARE) return null;
  const count = reconstruction.length.toLocaleString("en");
  const more =
    share === 1
      ? `any of the ${count} ${split} images`
      : `${spell(100 * share, 1)}\u00a0% of the ${count} ${split} images`;
  const cost = `its reconstruction costs ${Math.round(nats).toLocaleString("en")} nats, more than that of ${more}`;
  return isExample ? `An unusual ${split} image: ${cost}.` : `Not like the images this model was made for: ${cost}.`;
}
