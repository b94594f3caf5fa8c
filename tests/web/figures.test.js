import assert from "node:assert/strict";
import { test } from "node:test";
import { MEASURES, measuresOf, warnings } from "../../explorer/instrument/web/compare/measures.js";

const metric = (/** @type {string} */ name, /** @type {number} */ value) => ({
  name,
  label: name,
  value,
  unit: "",
  split: "test",
  samples: 10,
  seed: 0,
  how: "By hand.",
  perfect: null,
});

/** @returns {any} a card of a VAE of digits, but for what is given */
const card = (given = {}) => ({
  title: "A model",
  controls: [{ kind: "continuous", name: "z", size: 2, prior: "standard_normal" }],
  output: { kind: "pixels", shape: [1, 28, 28], likelihood: "bernoulli" },
  graphs: { decode: { file: "decoder.onnx" }, encode: { file: "encoder.onnx" }, step: null },
  data: { name: "digits", sha256: "ab", pixels: "binarized" },
  training: { images: 640, steps: 10, seconds: 600, hardware: "a CPU", precision: "float32" },
  metrics: [],
  rounding: null,
  parameters: 1234,
  files: {
    "decoder.onnx": { bytes: 1_000_000 },
    "encoder.onnx": { bytes: 500_000 },
    "codes.safetensors": { bytes: 9 },
  },
  ...given,
});

const points = card({
  controls: [{ kind: "continuous", name: "z", size: 2, prior: null }],
  output: { kind: "pixels", shape: [1, 28, 28], likelihood: null },
});
const generator = card({
  output: { kind: "pixels", shape: [1, 28, 28], likelihood: null },
  graphs: { decode: { file: "decoder.onnx" }, encode: null, step: null },
});
const words = card({
  output: { kind: "characters", alphabet: ["a"], longest: 3 },
  metrics: [metric("neg_elbo", 13.9)],
});

const cell = (/** @type {string} */ name, /** @type {any} */ of) =>
  /** @type {any} */ (MEASURES.find((one) => one.name === name)).cell(of);

test("what a kind cannot have says none, and why", () => {
  for (const [name, of, reason] of /** @type {[string, any, RegExp][]} */ ([
    ["Bound on −ln p(x)", generator, /not a probability of images/],
    ["Bound on −ln p(x)", points, /not a probability of images/],
    ["Reconstruction error", generator, /no encoder/],
    ["Reconstruction error", words, /text/],
    ["Fréchet distance", points, /no new images can be sampled/],
    ["Precision", words, /text/],
    ["Recall", card({ output: { kind: "pixels", shape: [3, 64, 64], likelihood: "bernoulli" } }), /28 × 28/],
  ])) {
    const { text, sentence, value } = cell(name, of);
    assert.equal(text, "none");
    assert.match(sentence, reason);
    assert.equal(value, null);
  }
});

test("what a kind can have and the card lacks is not called none", () => {
  for (const name of ["Bound on −ln p(x)", "Reconstruction error", "Fréchet distance", "Sharpness"])
    assert.equal(cell(name, card()).text, "not measured");
});

test("figures are the card's, with their provenance", () => {
  assert.equal(cell("Bound on −ln p(x)", card({ metrics: [metric("neg_elbo", 90.55)] })).text, "90.5");
  const exact = card({ metrics: [metric("neg_elbo", 90), metric("neg_log_likelihood", 80)] });
  assert.equal(cell("Bound on −ln p(x)", exact).text, "80.0");
  assert.match(
    cell("Recall", card({ metrics: [metric("recall", 0.5)] })).sentence,
    /By hand\. Measured on the test split/,
  );
  const everywhere = card({ metrics: [{ ...metric("recall", 0.5), split: "all" }] });
  assert.match(cell("Recall", everywhere).sentence, /By hand\. Measured on all splits, 10 images/);
  assert.equal(cell("Parameters", card()).text, "1,234");
  assert.equal(cell("Parameters", card({ parameters: null, rounding: { weights: 5000 } })).text, "5,000");
  assert.equal(cell("Training", card()).text, "10 min");
  assert.equal(cell("Training", card({ training: null })).text, "none");
  assert.equal(cell("Size", card()).text, "1.50 MB");
});

test("the best figure is marked where figures compare, and nowhere else", () => {
  const [low, high] = [0.2, 0.7].map((value) =>
    card({ metrics: [metric("recall", value), metric("frechet_distance", value), metric("neg_elbo", value)] }),
  );
  const best = (/** @type {any[]} */ cards) =>
    Object.fromEntries(measuresOf(cards).map(({ measure, best }) => [measure.name, best]));
  const found = best([low, points, high]);
  assert.deepEqual([found.Recall, found["Fréchet distance"], found["Bound on −ln p(x)"]], [2, 0, 0]);
  assert.deepEqual([found.Parameters, found.Size], [null, null]);
  assert.equal(best([low, points]).Recall, null);
  assert.deepEqual(warnings([low, points, high]), []);

  const grey = { ...high, data: { ...high.data, pixels: "grey" } };
  assert.equal(best([low, grey])["Bound on −ln p(x)"], null);
  assert.equal(best([low, grey]).Recall, 1);
  assert.match(warnings([low, grey])[0], /treat grey levels in different ways/);

  const density = card({ ...high, output: { ...high.output, likelihood: "gaussian" } });
  assert.equal(best([low, density])["Bound on −ln p(x)"], null, "a density can exceed 1, a probability cannot");
  assert.equal(best([density, density])["Bound on −ln p(x)"], 0);
  assert.match(warnings([low, density])[0], /treat grey levels in different ways/);

  const other = { ...high, data: { ...high.data, name: "fashion", sha256: "cd" } };
  assert.ok(Object.values(best([low, other])).every((one) => one === null));
  assert.match(warnings([low, other])[0], /different data/);
});

test("perplexity is of words, and stands there only beside a model of words", () => {
  const names = (/** @type {any[]} */ cards) => measuresOf(cards).map(({ measure }) => measure.name);
  assert.ok(!names([card(), points]).includes("Perplexity"));
  const written = card({ ...words, metrics: [metric("perplexity", 6.5)] });
  const other = card({ ...words, metrics: [metric("perplexity", 7.1)] });
  const found = measuresOf([other, written]).find(({ measure }) => measure.name === "Perplexity");
  assert.deepEqual(
    found?.cells.map(({ text }) => text),
    ["7.10", "6.50"],
  );
  assert.equal(found?.best, 1);
  assert.match(
    cell("Perplexity", card({ metrics: [metric("perplexity", 40)] })).sentence,
    /is for words/,
    "not of codes",
  );
});
