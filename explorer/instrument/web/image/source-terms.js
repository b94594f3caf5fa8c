import { spell } from "../dom.js";
import { term } from "../term.js";

/** @type {Record<string, string>} */
const LIKELIHOODS = {
  bernoulli: "Bernoulli",
  continuous_bernoulli: "continuous Bernoulli",
  gaussian: "Gaussian",
  gaussian_learned: "Gaussian",
};

/** @param {import("../checkpoint/checkpoint.js").Card} card */
export function reconstructionTerm({ output: image }) {
  const likelihood = image.likelihood ?? "unknown";
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

/** @param {import("../checkpoint/checkpoint.js").Card} card */
export function klTerm({ examples, space }) {
  return term(
    "KL",
    `KL(q(z|x) ‖ N(0, I)), closed form, summed over ${space.size} latents. Of a ${examples.split} image, from the ` +
      `code that came with it: ${examples.how} Of your own image, from what the encoder made of it here just now.`,
  );
}
