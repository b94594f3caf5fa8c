import { standardNormal } from "../engine/gaussian.js";

/**
 * Completes an image of which a part is hidden: encode, decode, put the seen pixels back, and again (Rezende et al. 2014,
 * Appendix F). With draws of z and of the hidden pixels it is Gibbs sampling, a Markov chain that moves towards
 * p(hidden | seen), as far as the encoder is the posterior; with means it comes to rest.
 *
 * @param {Pick<import("../model/model.js").Model, "card" | "encoder" | "decode" | "withZ" | "z">} model
 * @param {import("../model/model.js").Codes} codes of the controls that the encoder does not find
 * @param {{pixels: Float32Array, seen: import("./seen-part.js").Seen, start: Float32Array}} image `start`: what the hidden
 *   pixels begin as
 * @param {boolean} draws z from the posterior, where it has a variance, and hidden pixels from p(x|z), where that is black or
 *   white; what is put back is drawn then
 * @returns {AsyncGenerator<Float32Array, never>} what each round decodes, with the seen pixels as they are, for ever
 */
export async function* rounds(model, codes, { pixels, seen, start }, draws) {
  let image = filled(pixels, start, seen);
  while (true) {
    const found = await /** @type {NonNullable<typeof model.encoder>} */ (model.encoder).encode(image, codes);
    let next = { ...codes, ...found.codes };
    if (draws && found.mean && found.logVariance) {
      const { mean, logVariance } = found;
      const z = Array.from(mean, (value, at) => value + Math.exp(logVariance[at] / 2) * standardNormal());
      next = model.withZ({ codes: next }, z).codes;
    }
    const made = await model.decode([next]);
    image = filled(pixels, draws && drawsPixels(model) ? made.map((p) => Number(Math.random() < p)) : made, seen);
    yield filled(pixels, made, seen);
  }
}

/** @param {Pick<import("../model/model.js").Model, "card">} model @returns {boolean} whether a pixel is drawn as black or white */
export const drawsPixels = ({ card: { output } }) => output.kind === "pixels" && output.likelihood === "bernoulli";

/**
 * @param {Float32Array} pixels C×H×W
 * @param {Float32Array} others what stands where they are hidden
 * @param {import("./seen-part.js").Seen} seen H×W
 */
export const filled = (pixels, others, seen) =>
  pixels.map((value, at) => (seen[at % seen.length] ? value : others[at]));

/**
 * @param {Float32Array} image
 * @param {Float32Array} truth
 * @param {import("./seen-part.js").Seen} seen
 * @returns {number | null} mean squared error over the hidden pixels; nothing where none is hidden
 */
export function hiddenError(image, truth, seen) {
  let [sum, count] = [0, 0];
  for (let at = 0; at < truth.length; at++) {
    if (seen[at % seen.length]) continue;
    sum += (image[at] - truth[at]) ** 2;
    count += 1;
  }
  return count ? sum / count : null;
}
