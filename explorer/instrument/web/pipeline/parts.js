/**
 * The parts of a VAE, from the image that goes in to the image that comes out: what each is, and where on screen.
 *
 * @typedef {{name: string, label: string, words: string, formula: string, places: string}} PartOfModel `places`: selectors of
 *   what stands for it on screen
 */

/** @param {import("../model/model.js").Model} model @returns {PartOfModel[]} */
export function partsOf(model) {
  const thing = model.shape ? "image" : "word";
  const given = model.controls.find(({ kind }) => kind === "categorical");
  const also = given ? ` It is also given the ${given.name}.` : "";
  const isPosterior = model.hasPosterior;
  const parts = [
    {
      name: "source",
      label: `The ${thing} that goes in`,
      words: `The ${thing} that goes in.`,
      formula: "x",
      places: ".pane-source, .start",
    },
    {
      name: "encoder",
      label: "Encoder",
      words: isPosterior
        ? `The encoder looks at the ${thing} and answers, for each latent, with a range of values instead of one.${also}`
        : `The encoder looks at the ${thing} and answers with one value for each latent.${also}`,
      formula: isPosterior ? "q(z|x) = N(μ, σ²)" : "z = f(x)",
      places: ".pipeline-columns [data-part~='encoder'], .curves",
    },
    {
      name: "spread",
      label: "μ and σ",
      words: "μ is the middle of that range and σ its half-width: where σ is small, the encoder is sure.",
      formula: "q(z|x) = N(μ, σ²)",
      places: ".pipeline-columns [data-part~='spread'], .curves",
    },
    {
      name: "noise",
      label: "Noise ε",
      words: "Chance: a random number for each latent. Draw again, and z moves within its range.",
      formula: "ε ~ N(0, I)",
      places: ".pipeline-columns [data-part~='noise'], .pipeline-roll",
    },
    {
      name: "code",
      label: "Code z",
      words: `The code: all that the decoder knows about the ${thing}. Every slider is one of its numbers.`,
      formula: isPosterior ? "z = μ + s·σ·ε" : "z",
      places: ".pipeline-columns [data-part~='code'], .sliders .range, .map-stage",
    },
    {
      name: "decoder",
      label: "Decoder",
      words: `The decoder makes an ${thing} from z alone: it never sees x.${also}`.replace("an word", "a word"),
      formula: "p(x|z)",
      places: ".hero .stage",
    },
    {
      name: "reconstruction",
      label: "Reconstruction",
      words: `What the decoder makes of this z. The nearer to the ${thing} that went in, the better.`,
      formula: "mean of p(x|z)",
      places: ".hero .stage, .pane-reconstruction, .elbo",
    },
  ];
  return isPosterior ? parts : parts.filter(({ name }) => name !== "spread" && name !== "noise");
}
