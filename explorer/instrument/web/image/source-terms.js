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
      "squared error",
      "Squared difference of source and reconstruction, grey levels from 0 to 1, summed over " +
        `${(channels * height * width).toLocaleString("en")} values; computed here in the browser just now. This model has ` +
        "no likelihood, so there are no nats to give.",
    );
  }
  const name = LIKELIHOODS[likelihood] ?? likelihood;
  const isDensity = likelihood !== "bernoulli";
  if (likelihood.startsWith("gaussian") && !image.sigma) {
    return term(
      "reconstruction",
      `−ln p(x|z) under the model's ${name} likelihood needs its σ, which the card does not give: export the checkpoint again.`,
    );
  }
  const [channels, height, width] = image.shape;
  return term(
    "reconstruction",
    `−ln p(x|z) under the model's ${name} likelihood${image.sigma ? ` (σ ${spell(image.sigma, 3)})` : ""}, summed over ` +
      `${(channels * height * width).toLocaleString("en")} values, at z = the posterior mean, grey levels as shown; computed ` +
      `here in the browser just now.${isDensity ? " It is a density, so it may be below 0." : ""} A ≥ before it means that ` +
      "the decoder's rounded mean allows only a lower bound.",
  );
}

/** @param {import("../model/model.js").Model} model @returns {HTMLElement} */
export function klTerm({ card: { examples }, latents }) {
  const shipped = examples
    ? `Of a ${examples.split} image, from the code that came with it: ${examples.how} Of your own image, from`
    : "From";
  return term(
    "KL",
    `KL(q(z|x) ‖ N(0, I)), closed form, summed over ${latents.length} latents. ${shipped} what the encoder made of it ` +
      "here just now.",
  );
}
