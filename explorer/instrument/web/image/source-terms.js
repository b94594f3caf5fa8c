import { spell } from "../dom.js";
import { term } from "../term.js";

/** @type {Record<string, string>} */
const LIKELIHOODS = {
  bernoulli: "Bernoulli",
  continuous_bernoulli: "continuous Bernoulli",
  gaussian: "Gaussian",
  gaussian_learned: "Gaussian",
};

/** @param {import("../checkpoint/contract.js").Pixels} image @returns {HTMLElement} */
export function reconstructionTerm(image) {
  const { likelihood } = image;
  if (likelihood === null) {
    const [channels, height, width] = image.shape;
    return term(
      "Squared error",
      "How far the image on screen is from the source: the squared difference of their grey levels from 0 to 1, summed over " +
        `${spell(channels * height * width, 0)} values. This model has no likelihood, so there are no nats to ` +
        "give. Computed here in the browser just now.",
    );
  }
  const name = LIKELIHOODS[likelihood] ?? likelihood;
  const isDensity = likelihood !== "bernoulli";
  if (likelihood.startsWith("gaussian") && !image.sigma) {
    return term(
      "Reconstruction",
      "What the source still costs once z is known cannot be said here: −ln p(x|z) under the model's " +
        `${name} likelihood needs its σ, which the card does not give. Export the checkpoint again.`,
    );
  }
  const [channels, height, width] = image.shape;
  return term(
    "Reconstruction",
    "What the source still costs once z is known: the less the image on screen resembles it, the more. It is taken at the " +
      `one z on screen. −ln p(x|z) in nats, under the model's ${name} likelihood` +
      `${image.sigma ? ` (σ ${spell(image.sigma, 3)})` : ""}, summed over ` +
      `${spell(channels * height * width, 0)} values in grey levels as shown; computed here in the browser just ` +
      `now.${isDensity ? " It is a density, so it may be below 0." : ""} A ≥ before it means that the decoder's rounded mean ` +
      "allows only a lower bound.",
  );
}

/** @param {import("../model/model.js").Model} model @returns {HTMLElement} */
export function klTerm({ card: { examples }, latents }) {
  const shipped = examples
    ? `Of any ${examples.split} image, from the code that came with it: ${examples.how} Of your own image, from`
    : "From";
  return term(
    "KL",
    "How much the code says about this image: the cost of narrowing the prior down to this image's posterior. It does not " +
      `depend on the z on screen. KL(q(z|x) ‖ N(0, I)) in nats, closed form, summed over ${latents.length} latents. ${shipped} what the encoder ` +
      "made of it here just now.",
  );
}
