// Made by `python -m training.contract.schema`; edit training/contract instead.

/**
 * card.json, version 2.
 *
 * `latents` are the numbers of the continuous controls, one after the other, in the order of the
 * controls; empty where nothing was measured. Rows of `information` and indices of the map are
 * places in it. `parameters` counts the numbers that were learned, in all networks that are kept.
 */
export interface Card {
  version: 2;
  family: string;
  name: string;
  title: string;
  summary: string;
  intent: string;
  controls: (Continuous | Categorical | CodeGrid | Tokens | Image)[];
  output: Pixels | Characters;
  graphs: Graphs;
  data: Data;
  training: Training | null;
  metrics: Metric[];
  latents: Latent[];
  latents_provenance: Provenance | null;
  information: Information | null;
  examples: Examples | null;
  map: Map | null;
  rounding: Rounding | null;
  parameters: number | null;
  versions: Record<string, string>;
  files: Record<string, File>;
}

/**
 * One of several labels. A decoder takes it as int64 (B,): the index of a label.
 */
export interface Categorical {
  kind: "categorical";
  name: string;
  labels: string[];
}

/**
 * A sequence of at most `longest` symbols: float32 (B, length, 1 + symbols), logits of each.
 *
 * Index 0 ends the sequence, index 1 is the first symbol of the alphabet.
 */
export interface Characters {
  kind: "characters";
  alphabet: string[];
  longest: number;
}

/**
 * `height` × `width` cells that each hold one of `codes` entries of a codebook.
 *
 * A decoder takes it as int64 (B, height, width).
 */
export interface CodeGrid {
  kind: "code_grid";
  name: string;
  height: number;
  width: number;
  codes: number;
}

/**
 * `size` numbers. With the prior `standard_normal` they are N(0, I) before any data are seen.
 *
 * Without a prior (an autoencoder) nothing says how probable a point is. With `levels` each number
 * takes but few values, which rise; with None it takes any. A decoder takes it as float32
 * (B, size).
 */
export interface Continuous {
  kind: "continuous";
  name: string;
  size: number;
  prior: "standard_normal" | null;
  levels: number[][] | null;
}

/**
 * What the model was trained on. `splits` counts images; `sha256` is over all stored images.
 *
 * `pixels` says how grey levels were read: as they are (`grey`), each pixel drawn from
 * Bernoulli(grey level) (`binarized`), or with uniform noise of one grey level (`dequantized`).
 */
export interface Data {
  name: string;
  source: string;
  licence: string;
  sha256: string | null;
  splits: Record<string, number>;
  labels: string[] | null;
  factors: Factor[] | null;
  pixels: "binarized" | "dequantized" | "grey";
}

/**
 * The first `count` images of a split, whose codes and thumbnails the folder holds.
 *
 * The thumbnails lie on sheets, `columns` a row and `per_sheet` a sheet (None: one sheet).
 */
export interface Examples {
  count: number;
  columns: number;
  split: string;
  how: string;
  per_sheet: number | null;
}

/**
 * One ground-truth factor of variation and how many values it takes.
 *
 * `ordered`: the values lie on a line; `circular`: the last lies beside the first; `categorical`:
 * their order means nothing. `values` names them, where they have names; `colours` (sRGB) shows
 * them, where the factor is a colour.
 */
export interface Factor {
  name: string;
  size: number;
  kind: "categorical" | "circular" | "ordered";
  values: string[] | null;
  colours: string[] | null;
}

/**
 * What a file must be, to be the one that the card describes.
 */
export interface File {
  bytes: number;
  sha256: string;
}

/**
 * An ONNX file and what it takes and gives, by the names in that file.
 */
export interface Graph {
  file: string;
  inputs: Port[];
  outputs: Port[];
}

/**
 * What can be computed: an image or text of the controls, controls of an image, one token.
 */
export interface Graphs {
  decode: Graph | null;
  encode: Graph | null;
  step: Graph | null;
}

/**
 * Losses at one validation, in `loss_unit`; of training, the mean since the one before.
 */
export interface HistoryPoint {
  step: number;
  train_loss: number;
  validation_loss: number;
}

/**
 * An image of C × H × W of which a part is seen, such as the one half that a model completes.
 *
 * A decoder takes it as float32 (B, C + 1, H, W): the pixels in [0, 1], 0 where they are hidden,
 * then a plane that is 1 where they are seen and 0 elsewhere. `seen` is the part that is seen of
 * an image that has just been chosen, and that the codes of the examples were made with.
 */
export interface Image {
  kind: "image";
  name: string;
  shape: [number, number, number];
  seen: "bottom" | "left" | "right" | "top";
}

/**
 * What latents tell about factors, in nats: I(z_j; v_k), one row per latent, and H(v_k).
 */
export interface Information {
  nats: number[][];
  entropies_nats: number[];
  split: string;
  samples: number;
  seed: number;
  how: string;
}

/**
 * One number of a continuous control, over a split.
 *
 * The mean KL to the prior (None without one), the mean and deviation of the posterior means, and
 * the mean posterior σ (None where the encoder gives one point). `active`: the data move it.
 */
export interface Latent {
  kl_nats: number | null;
  mean: number;
  std: number;
  posterior_std: number | null;
  active: boolean;
}

/**
 * Two-dimensional maps of the codes in codes.safetensors, and how faithful they are.
 *
 * Distances are Euclidean over `latents` alone: the active ones, or all where none is.
 */
export interface Map {
  latents: number[];
  umap: Umap;
  pca: Pca;
  nearest: NearestCodes;
  metrics: Metric[];
}

/**
 * One measured number and how it came about: `samples` images of a split, and a seed.
 *
 * `perfect` is what a perfect model would get, where that is known and is not the unit's own best.
 */
export interface Metric {
  name: string;
  label: string;
  value: number;
  unit: string;
  split: string;
  samples: number;
  seed: number;
  how: string;
  perfect: number | null;
}

/**
 * Distances from held-out codes to the nearest code of the map, over the map's latents.
 */
export interface NearestCodes {
  median: number;
  p95: number;
  p99: number;
  split: string;
  samples: number;
  how: string;
}

/**
 * Principal axes of the posterior means over all latents: map = (z − mean) · axes.
 *
 * `axes` are two rows of D, orthonormal; `explained` is the share of the variance on each.
 */
export interface Pca {
  mean: number[];
  axes: [number[], number[]];
  explained: [number, number];
}

/**
 * An image, float32 (B, C, H, W) in [0, 1]: one channel of grey, or three of red, green, blue.
 *
 * The decoder's output is the mean of p(x|z) under `likelihood`; None where the decoder stands for
 * no density. `sigma` is the deviation of a Gaussian likelihood that has one for all pixels.
 */
export interface Pixels {
  kind: "pixels";
  shape: [number, number, number];
  likelihood: "bernoulli" | "continuous_bernoulli" | "gaussian" | "gaussian_learned" | null;
  sigma: number | null;
}

/**
 * One input or output of a graph.
 *
 * `role` says what it carries: the `value` of a control, the `mean` or `log_variance` of its
 * posterior, an `image`, the `logits` of characters or codes, the next `token`, or a `state` that
 * a step gives and the next one takes. `control` names the control that a value, mean,
 * log-variance, token or logits belong to. A size is a number, `batch`, or the `length` of a
 * sequence.
 */
export interface Port {
  name: string;
  dtype: "float16" | "float32" | "int32" | "int64";
  shape: ("batch" | "length" | number)[];
  role: "image" | "log_variance" | "logits" | "mean" | "state" | "token" | "value";
  control: string | null;
}

/**
 * How the statistics of the latents were measured.
 */
export interface Provenance {
  unit: string;
  split: string;
  samples: number;
  seed: number;
  how: string;
}

/**
 * A number from a paper: the name of its metric as cards have it, and where it is printed.
 */
export interface Published {
  metric: string;
  value: number;
  source: string;
}

/**
 * How many of the weights are kept in half precision, and what their rounding changed.
 *
 * `image_difference` is the largest change of a decoded value in [0, 1]; `code_difference` that of
 * a posterior mean, in standard deviations of its posterior, or of a code without one, in those of
 * the codes; `probability_difference` that of what comes next. None where there is no such thing.
 */
export interface Rounding {
  weights: number;
  halved: number;
  image_difference: number | null;
  code_difference: number | null;
  split: string;
  samples: number;
  seed: number;
  how: string;
  probability_difference: number | null;
}

/**
 * One row of a table: a recipe, trained with several seeds.
 *
 * Fields:
 * beta: the weight of the KL, where this row is one of a ladder over β.
 * formerly: the recipes whose place this row took: links to them open it.
 */
export interface Row {
  recipe: string;
  title: string;
  intent: string;
  seeds: number[];
  beta: number | null;
  published: Published[];
  formerly: string[];
}

/**
 * One training: its stages in order of steps; the last is the model that it gave.
 *
 * Fields:
 * checkpoint: the shipped checkpoint of that model, where there is one.
 * seconds: of wall clock.
 */
export interface Run {
  recipe: string;
  seed: number;
  command: string;
  config: Record<string, boolean | number | string | (boolean | number | string | null)[] | Record<string, boolean | number | string | (boolean | number | string | null)[] | null> | null>;
  images: number;
  seconds: number;
  hardware: string;
  precision: string;
  latents_provenance: Provenance;
  stages: Stage[];
  checkpoint: string | null;
}

/**
 * A model at one moment of its training, measured.
 *
 * Fields:
 * folder: of its files, relative to the table's; None: nothing is kept. They are decoder.onnx
 * with codes.safetensors, the posteriors of the examples, or with encoder.onnx; or
 * model.safetensors.
 */
export interface Stage {
  step: number;
  images: number;
  metrics: Metric[];
  latents: Latent[];
  information: Information | null;
  folder: string | null;
  files: Record<string, File> | null;
  rounding: Rounding | null;
}

/**
 * table.json, version 1.
 *
 * Fields:
 * command: makes every run that is missing.
 * metrics: the names of those that the table shows, the decisive one first.
 * examples: the shipped checkpoint whose test images go with the table's models.
 * images: how many of them, the first, have their codes kept with every model; None: all
 * can be encoded.
 */
export interface Table {
  version: 1;
  name: string;
  title: string;
  intent: string;
  command: string;
  metrics: string[];
  rows: Row[];
  runs: Run[];
  examples: string | null;
  images: number | null;
}

/**
 * A sequence of at most `longest` symbols of an alphabet.
 *
 * A graph takes it as int64 (B, length): the first symbol is 1, the next 2, …; 0 stands before the
 * first symbol and ends the sequence.
 */
export interface Tokens {
  kind: "tokens";
  name: string;
  alphabet: string[];
  longest: number;
}

/**
 * How the weights came about: those of `best_step`; `images` were seen in `seconds`.
 *
 * `loss_name` says in words what chose `best_step`, such as −ELBO. `command` repeats the training
 * and `configuration` is what decided it, where `python -m training` made it.
 */
export interface Training {
  images: number;
  steps: number;
  best_step: number;
  seconds: number;
  device: string;
  hardware: string;
  precision: string;
  history: HistoryPoint[];
  loss_name: string;
  loss_unit: string;
  command: string | null;
  configuration: Record<string, boolean | number | string | (boolean | number | string | null)[] | Record<string, boolean | number | string | (boolean | number | string | null)[] | null> | null> | null;
}

/**
 * What umap-learn was called with.
 */
export interface Umap {
  n_neighbors: number;
  min_dist: number;
  seed: number;
}
