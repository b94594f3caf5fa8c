// Made by `python -m explorer.exchange`; edit what it reads instead.

/**
 * The id of a job, which cannot be guessed.
 */
export interface Begun {
  id: string;
}

/**
 * The least and the most of each number in the form.
 */
export interface Bounds {
  latents: [number, number];
  steps: [number, number];
  minutes: [number, number];
  beta: [number, number];
}

/**
 * The ward, and why no cure can be trained here, in a sentence; empty where one can.
 */
export interface Clinic {
  source: string;
  licence: string;
  torch: string;
  held_out: number;
  test: number;
  floor: number;
  originals: string;
  diagnoses: Record<string, string>;
  healthy: number;
  records: Seen[];
  patients: Patient[];
  untreated: string;
}

/**
 * What may be changed in a script, and the number of its run among the records.
 */
export interface Cure {
  label: string;
  record: number;
}

/**
 * A filled-in form. `minutes` is the most that the run may train.
 *
 * Of data "own", `images` is the id of a visitor's images, brought to `side` by `fit`.
 */
export interface Form {
  data: "digits" | "fashion" | "own" | "scenes" | "sprites";
  family: "autoencoder" | "vae";
  latents: number;
  steps: number;
  minutes: number;
  width?: "double" | "half" | "normal";
  beta?: number;
  images?: string;
  side?: 28 | 64 | 128;
  fit?: "crop" | "pad";
}

/**
 * What is known of a visitor's images at a size.
 *
 * Fields:
 * done: how many were looked at so far.
 * sentence: why they are refused.
 * timing: whether it is being measured how long a step takes.
 */
export interface Images {
  id: string;
  title: string;
  state: "looking" | "ready" | "refused";
  done: number;
  sentence: string;
  facts: Looked | null;
  timing: boolean;
}

/**
 * What the teacher holds: the code of the class, and the key that leads it.
 */
export interface Leading {
  code: string;
  key: string;
}

/**
 * The images of a zip, at the size and fit that were chosen.
 *
 * Fields:
 * labels: each class and how many images it has; none where the images have no classes.
 * smallest, largest: width and height of images, in pixels.
 * transparent: how many images have transparency.
 * binary: whether all pixels are black or white.
 * duplicates: how many images are in it more than once.
 * broken: why a file was left out, by its name; of `more_broken` only how many.
 * others: files that are not images; of `more_others` only how many.
 * train, validation, test: how many images are in each part.
 * columns, shown: how many images the sheet has in a row, and in all.
 * batch: images in a step.
 * networks: what makes each kind and width of model, as "vae normal".
 */
export interface Looked {
  images: number;
  labels: ([string, number])[];
  smallest: [number, number];
  largest: [number, number];
  transparent: number;
  binary: boolean;
  duplicates: number;
  broken: Record<string, string>;
  more_broken: number;
  others: string[];
  more_others: number;
  packed_bytes: number;
  train: number;
  validation: number;
  test: number;
  side: number;
  fit: "crop" | "pad";
  channels: number;
  columns: number;
  shown: number;
  batch: number;
  networks: Record<string, Network>;
}

/**
 * Means over the test images, in nats an image, whatever the script prints.
 *
 * Fields:
 * neg_elbo: reconstruction + KL, with one draw of q(z|x) an image.
 * active: latents whose posterior mean has a variance above 0.01 over images.
 */
export interface Measured {
  neg_elbo: number | null;
  reconstruction: number | null;
  kl: number | null;
  active: number | null;
}

/**
 * What a follower receives: the new place, or that the class has ended.
 */
export interface Moved {
  place?: string | null;
  ended?: boolean;
}

/**
 * The recipe and the overrides of `python -m training train` that make a model of images.
 *
 * Fields:
 * seconds: that a step takes on this machine; None before it was measured.
 */
export interface Network {
  recipe: string;
  overrides: string[];
  seconds: number | null;
}

/**
 * What the form shows.
 *
 * Fields:
 * paces: seconds a step, by data, kind and width, of runs that ended here.
 * queue: how many runs are before the next one.
 */
export interface Offer {
  data: OfferedData[];
  kinds: OfferedKind[];
  own: OwnBounds;
  bounds: Bounds;
  paces: Record<string, number>;
  queue: number;
}

/**
 * A data set.
 *
 * Fields:
 * steps: that the form begins with.
 * missing: why it cannot be trained on, in a sentence; empty where it can.
 */
export interface OfferedData {
  name: "digits" | "fashion" | "own" | "scenes" | "sprites";
  title: string;
  steps: number;
  missing: string;
}

/**
 * A kind of model; `weighs_kl` where it has a β.
 */
export interface OfferedKind {
  name: "autoencoder" | "vae";
  title: string;
  weighs_kl: boolean;
}

/**
 * Of a visitor's own images: the sides to choose from, and the most that is taken.
 */
export interface OwnBounds {
  sides: (28 | 64 | 128)[];
  steps: number;
  most_bytes: number;
  most_images: number;
}

/**
 * A script with a line that is wrong.
 *
 * Fields:
 * complaint: what its owner says.
 * record: the number of its run among the records.
 * found: what it has, among the diagnoses.
 * others: what it may be taken for, with what the plots say against that.
 * right: the cure that is one, from 0.
 * wrong, correct: the two lines.
 * because: what it was.
 */
export interface Patient {
  complaint: string;
  record: number;
  found: string;
  others: Record<string, string>;
  cures: Cure[];
  right: number;
  wrong: string;
  correct: string;
  because: string;
}

/**
 * Where a class is: the query of its page.
 */
export interface Place {
  place: string;
}

/**
 * What an anonymous voter predicts of a lesson.
 */
export interface Prediction {
  lesson: string;
  voter: string;
  guess: string;
}

/**
 * Where the front end was when a control was let go; `count` makes the same place news.
 *
 * `model` is the id that stands in the query too, and so no longer.
 */
export interface Released {
  model: string;
  z: number[];
  query: string;
  count?: number;
}

/**
 * How a job is.
 *
 * Fields:
 * data: what it learns from; empty of a cure.
 * cure: the number of the cure, where it is one.
 * unit: of its losses.
 * seconds: for which it has trained, of `most_seconds`.
 * ahead: how many jobs are served before it.
 * warm: whether the worker has loaded what it needs.
 * snapshot: the name of the newest files to open the growing model by.
 * checkpoint: the id in the catalogue, once it is kept.
 * losses: step, training loss and validation loss, of each report that is new.
 * can_keep: whether there are weights to keep.
 */
export interface Run {
  id: string;
  title: string;
  data: string;
  cure: number | null;
  unit: string;
  state: "failed" | "finishing" | "keeping" | "kept" | "paused" | "stopped" | "trained" | "training" | "waiting";
  steps: number;
  step: number;
  seconds: number;
  most_seconds: number;
  sentence: string;
  ahead: number;
  warm: boolean;
  snapshot: string;
  checkpoint: string;
  losses: ([number, number | null, number | null])[];
  can_keep: boolean;
}

/**
 * What was seen of a run, each curve a number for each of `steps`.
 *
 * Fields:
 * reported, reconstruction, kl: the loss and its parts as the script prints them, the mean
 * since the step before.
 * honest: −ELBO of held-out images, in nats an image.
 * encoder, decoder: length of the gradient of their weights, the mean since the step before.
 * kl_by_latent: nats, mean over held-out images, at the last step.
 * reconstructions, samples: pictures, as the script shows them.
 * test: of the weights that the script hands over; None while it trains.
 */
export interface Seen {
  steps: number[];
  reported: (number | null)[];
  reconstruction: (number | null)[];
  kl: (number | null)[];
  honest: (number | null)[];
  encoder: (number | null)[];
  decoder: (number | null)[];
  kl_by_latent: (number | null)[];
  reconstructions: string;
  samples: string;
  test: Measured | null;
}

/**
 * A visitor's images that have arrived.
 */
export interface Sent {
  id: string;
  title: string;
}

/**
 * How many follow, and how often each prediction was made.
 */
export interface Tally {
  followers: number;
  guesses: Record<string, number>;
}

/**
 * A patient of the collapse clinic, from 1, and the cure that was chosen, from 0.
 */
export interface Treatment {
  patient: number;
  cure: number;
}
