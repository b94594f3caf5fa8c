import { fetchCheckpoint } from "../checkpoint/checkpoint.js";
import { openDecoder } from "../engine/decoder.js";
import { grey, imageTensor, openEncoder } from "../engine/encoder.js";
import { openGraph } from "../engine/graph.js";
import { EXPORT_AGAIN } from "../engine/session.js";
import { InstrumentError } from "../errors.js";
import { present } from "../present.js";
import { getBytes } from "../shelf/http.js";
import { rounded } from "../spaces/continuous.js";
import { spaceOf } from "../spaces/index.js";
import { latentsOf } from "./latents.js";
import { createJoin, numbersOf, split } from "./numbers.js";
import { openStepper } from "./stepper.js";

/**
 * What a person can move, as the card describes it, and the space it is of.
 *
 * @typedef {import("../checkpoint/contract.js").Card["controls"][number]} Described
 * @typedef {Described & {space: import("../spaces/index.js").Space<any, any>}} Control
 * @typedef {import("./numbers.js").Numbers} Continuous
 * @typedef {Record<string, any>} Codes a value of each control, by its name
 *
 * What an encoder makes of an image: where the controls go, and what is known of the posterior of the continuous one.
 *
 * @typedef {{codes: Codes, mean: ArrayLike<number> | null, logVariance: ArrayLike<number> | null,
 *   logits?: Record<string, Float32Array>}} Posterior `logits`: how likely it finds each label, by the name of the control
 */

/**
 * An open checkpoint.
 *
 * @typedef {object} Model
 * @property {import("../checkpoint/checkpoint.js").Entry} entry
 * @property {import("../checkpoint/checkpoint.js").Card} card
 * @property {Control[]} controls
 * @property {Continuous | null} continuous all controls of numbers together: what sliders, map, traversals and paths are about
 * @property {(Control & {kind: "image"}) | null} condition the image of which the decoder sees a part, where it is given one
 * @property {(state: {codes: Codes, example: number | null}) => boolean} waits for the pixels of that image, which a link does not
 *   hold: what it would decode until then is nothing to show
 * @property {boolean} asksEncoder where it is put by an image depends on more than the image, or on what no file holds: the
 *   encoder is asked, also for an image that came with the checkpoint
 * @property {import("./latents.js").Latent[]} latents its numbers
 * @property {Control[]} words those of them that are words which the encoder reads
 * @property {boolean} hasPrior something can be drawn from a prior of the controls
 * @property {boolean} hasPosterior the encoder gives a mean and a variance of it, beside a prior
 * @property {import("../engine/pixels.js").Shape | null} shape of the images, if it makes images
 * @property {Codes} start where it opens
 * @property {(codes: Codes[]) => Promise<Float32Array>} decode on this thread, one output after the other; only where the
 *   card has that graph
 * @property {{bytes: Uint8Array, expected: import("../engine/decoder.js").Expected} | null} decoder the same for a worker
 * @property {(codes: Codes[]) => import("../engine/decoder.js").Tensors} tensors what a worker decodes
 * @property {{open(): Promise<void>, encode(pixels: Float32Array | null, codes: Codes): Promise<Posterior>,
 *   release(): void, through: ((pixels: Float32Array) => Float32Array) | null} | null} encoder fetched when it is first
 *   needed: most visits never do. `codes` are those of the controls that it takes beside the image; `through`: what every
 *   image goes through before it is encoded
 * @property {{open(): Promise<import("./stepper.js").Stepper>, values(codes: Codes[]): Record<string,
 *   import("../spaces/index.js").Tensor>, release(): void} | null} writer what writes one token after the other, fetched
 *   when it is first needed; `values`: what it takes of the controls, a batch
 * @property {(state: {codes: Codes}) => number[]} z the value of the continuous control; empty where there is none
 * @property {(state: {codes: Codes}, z: number[]) => {codes: Codes}} withZ the change that sets it
 * @property {() => void} release
 */

/**
 * @param {import("../checkpoint/checkpoint.js").Entry} entry
 * @param {{engine: Promise<any>, signal: AbortSignal, card?: import("../checkpoint/contract.js").Card,
 *   trial?: import("../engine/trial.js").Trial}} options `engine`: what `startEngine` gave; `card` of a folder that has
 *   none, such as one that a table of results keeps; `trial` of graphs that a visitor dropped
 * @returns {Promise<Model>}
 */
export async function openModel(entry, { engine, signal, card: known, trial }) {
  const [{ card, decoder: bytes }, ort] = await Promise.all([fetchCheckpoint(entry, signal, known), engine]);
  const { decode, encode, step } = card.graphs;
  const refuse = (/** @type {string} */ reason) => new InstrumentError(`${entry.id}/card.json ${reason}`);
  if (!decode && !step) throw refuse("names no graph that makes anything: export it with a decoder.");
  const named = controlsOf(card);
  for (const { kind, name, space } of named)
    if (!space) throw refuse(`has the control ${name} of kind "${kind}", which this page cannot steer.`);
  const controls = /** @type {Control[]} */ (named);
  const continuous = numbersOf(controls);
  const join = createJoin(continuous);
  const condition =
    controls.find(/** @returns {control is Control & {kind: "image"}} */ (control) => control.kind === "image") ?? null;
  const start = Object.fromEntries(controls.map((control) => [control.name, startOf(control, continuous, card)]));
  const { output } = card;
  const shape = output.kind === "pixels" ? output.shape : null;

  /** @param {import("../checkpoint/contract.js").Graph} graph @param {Codes[]} codes */
  function tensorsFor(graph, codes) {
    const taken = graph.inputs.filter(({ role }) => role === "value").map(({ control }) => control);
    return Object.fromEntries(
      controls
        .filter(({ name }) => taken.includes(name))
        .map((control) => [
          control.name,
          control.space.tensor(
            codes.map((each) => each[control.name]),
            control,
          ),
        ]),
    );
  }

  const expected = decode && {
    name: entry.id,
    graph: decode,
    start: tensorsFor(decode, [start]),
    gives: output.kind === "pixels" ? output.shape : [output.longest, output.alphabet.length + 1],
    again: entry.again,
  };
  /** @param {import("../checkpoint/contract.js").Graph} graph @param {Uint8Array} file */
  const attempt = async (graph, file) => {
    if (entry.dropped) await trial?.(file, graph, `${entry.id}/${graph.file}`);
  };
  if (decode) await attempt(decode, present(bytes));
  const decoder = expected && (await openDecoder(ort, present(bytes), expected));
  if (signal.aborted) {
    decoder?.release();
    throw signal.reason;
  }
  const encoder = encode && encoderOf(encode);
  const writer = step && writerOf(step);

  /** @param {Record<string, Float32Array>} found @returns {ArrayLike<number> | null} of z, where all of its parts are found */
  function joined(found) {
    const { parts } = continuous ?? { parts: [] };
    if (!parts.length || parts.some(({ name }) => !found[name])) return null;
    return parts.length === 1 ? found[parts[0].name] : parts.flatMap(({ name }) => [...found[name]]);
  }

  /** @param {string} name of a control @returns {boolean} whether its posterior has a variance */
  const hasVariance = (name) =>
    encode?.outputs.some(({ role, control }) => role === "log_variance" && control === name) ?? false;

  /** @param {import("../checkpoint/contract.js").Graph} graph @returns {NonNullable<Model["encoder"]>} */
  function encoderOf(graph) {
    /** @type {Promise<import("../engine/encoder.js").Encoder> | null} */
    let opened = null;

    async function open() {
      const file = await getBytes(entry, graph.file, signal, card.files);
      await attempt(graph, file);
      const tried = { x: shape && grey(shape), given: tensorsFor(graph, [start]) };
      const made = await openEncoder(ort, file, { name: entry.id, graph, try: tried, again: entry.again });
      if (signal.aborted) made.release();
      return made;
    }

    function ready() {
      opened ??= open().catch((error) => {
        opened = null;
        throw error;
      });
      return opened;
    }

    /** @type {NonNullable<Model["encoder"]>} */
    const encoder = {
      through: null,
      open: async () => void (await ready()),
      async encode(pixels, codes) {
        const seen = pixels && (encoder.through?.(pixels) ?? pixels);
        const image = shape && seen && imageTensor(seen, shape);
        // What is seen of another image is the same part of it.
        const shown = condition && seen ? { [condition.name]: { ...codes[condition.name], pixels: seen } } : {};
        const { mean, logVariance, value, logits } = await (await ready()).encode(
          image,
          tensorsFor(graph, [{ ...codes, ...shown }]),
        );
        const found = { ...value, ...mean };
        const moved = controls.filter(({ name }) => name in found);
        return {
          codes: {
            ...Object.fromEntries(
              moved.map((control) => [control.name, control.space.fromTensor(found[control.name], control)]),
            ),
            ...shown,
          },
          mean: joined(/** @type {Record<string, Float32Array>} */ (found)),
          logVariance: joined(logVariance),
          logits,
        };
      },
      release() {
        opened?.then(
          (made) => made.release(),
          () => {},
        );
        opened = null;
      },
    };
    return encoder;
  }

  /** @param {import("../checkpoint/contract.js").Graph} graph @returns {NonNullable<Model["writer"]>} */
  function writerOf(graph) {
    /** @type {Promise<import("./stepper.js").Stepper> | null} */
    let opened = null;
    const name = `${entry.id}/${graph.file}`;

    async function open() {
      const file = await getBytes(entry, graph.file, signal, card.files);
      await attempt(graph, file);
      const made = await openStepper(
        await openGraph(ort, file, { file: name, graph, again: EXPORT_AGAIN }),
        card,
        name,
      );
      if (signal.aborted) made.release();
      return made;
    }

    return {
      open() {
        opened ??= open().catch((error) => {
          opened = null;
          throw error;
        });
        return opened;
      },
      values: (codes) => tensorsFor(graph, codes),
      release() {
        opened?.then(
          (made) => made.release(),
          () => {},
        );
        opened = null;
      },
    };
  }

  return {
    entry,
    card,
    controls,
    continuous,
    condition,
    waits: ({ codes, example }) => condition !== null && example !== null && !codes[condition.name].pixels,
    asksEncoder: Boolean(encoder) && (condition !== null || encode?.outputs.some(isGuess) === true),
    words: controls.filter(
      ({ kind, name }) => kind === "tokens" && encode?.inputs.some(({ control }) => control === name),
    ),
    latents: continuous ? latentsOf(card, continuous) : [],
    hasPrior: controls.some((control) => (control.space.sample?.(control, () => 0.5, 1) ?? null) !== null),
    hasPosterior: continuous?.prior === "standard_normal" && continuous.parts.every(({ name }) => hasVariance(name)),
    shape,
    start,
    async decode(codes) {
      return present(decoder).decode(tensorsFor(present(decode), codes), codes.length);
    },
    decoder: expected && { bytes: present(bytes), expected },
    tensors: (codes) => tensorsFor(present(decode), codes),
    encoder,
    writer,
    z: ({ codes }) => join(codes),
    withZ: ({ codes }, z) => ({ codes: split(present(continuous), codes, z) }),
    release() {
      decoder?.release();
      encoder?.release();
      writer?.release();
    },
  };
}

/** A label that the encoder finds by itself, and may be wrong about. @param {import("../checkpoint/contract.js").Port} port */
const isGuess = ({ role }) => role === "logits";

/**
 * Without a prior the origin is a place like any other; the mean of the codes lies among the data.
 *
 * @param {Control} control
 * @param {Continuous | null} numbers
 * @param {import("../checkpoint/checkpoint.js").Card} card
 */
function startOf(control, numbers, card) {
  const part = numbers?.parts.find(({ name }) => name === control.name);
  if (!part || part.prior !== null || !card.latents.length) return control.space.start(control);
  return card.latents.slice(part.at, part.at + part.size).map(({ mean }) => rounded(mean));
}

/** @param {import("../checkpoint/checkpoint.js").Card} card */
const controlsOf = ({ controls }) => controls.map((control) => ({ ...control, space: spaceOf(control.kind) }));
