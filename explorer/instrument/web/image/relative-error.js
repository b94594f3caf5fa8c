import { codesOf } from "../checkpoint/embedding.js";
import { LEAST } from "./likeness.js";

/** How many examples are decoded, spread over all of them; and how many at once: few, so that strips are decoded in between. */
const MOST = 1024;
const AT_ONCE = 64;
/** Of so few nothing is said. */
const NONE = new Float32Array(0);

/**
 * How far an image's reconstruction is from it, as a share of its own brightness: Σ|x − x̂| / Σx. Whatever is drawn on a dark
 * image costs few nats; this says whether it was drawn at all.
 *
 * @param {Float32Array} pixels C×H×W in [0, 1]
 * @param {Uint8ClampedArray} shown the reconstruction as RGBA
 * @param {import("../engine/pixels.js").Shape} shape
 * @param {number} [at] which of the images in `shown`
 * @returns {number}
 */
export function relativeError(pixels, shown, [channels, height, width], at = 0) {
  const plane = height * width;
  let error = 0;
  let brightness = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let pixel = 0; pixel < plane; pixel++) {
      const x = pixels[channel * plane + pixel];
      error += Math.abs(x - shown[4 * (at * plane + pixel) + channel] / 255);
      brightness += x;
    }
  }
  return error / brightness;
}

/**
 * The relative errors of the examples that came with a model, decoded here from the codes that came with them.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {Promise<Float32Array | null>} none where they are few, or where those codes are not what the encoder alone makes
 *   of an image; null where the codes or what they decode to are not to be had now
 */
async function errorsOfExamples({ model, card, store, thumbnails, embedding, decodeSheet, gone }) {
  const known = embedding();
  if (!known) return null;
  const given = new Set(card.graphs.encode?.outputs.map(({ control }) => control));
  if (known.count < LEAST || model.asksEncoder || !model.controls.every(({ name }) => given.has(name))) return NONE;
  const count = Math.min(MOST, known.count);
  const errors = new Float32Array(count);
  for (let from = 0; from < count; from += AT_ONCE) {
    const examples = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, at) =>
      Math.floor(((from + at) * known.count) / count),
    );
    const now = store.get().codes;
    const codes = await Promise.all(examples.map((example) => codesOf(example, model, known, thumbnails(), now)));
    const pixels = await Promise.all(examples.map((example) => thumbnails().pixels(example)));
    const sheet = codes.every((one) => one !== null) ? await decodeSheet(codes, 1) : null;
    if (!sheet || gone.aborted) return null;
    for (const [at, x] of pixels.entries()) errors[from + at] = relativeError(x, sheet.data, card.output.shape, at);
  }
  return errors;
}

/**
 * The relative errors of the examples, measured when they are first asked for, and again where they were not to be had then.
 *
 * @param {import("../stage.js").Stage} stage
 * @param {() => void} onMeasured
 * @returns {() => Float32Array | null} what is known of them by now
 */
export function createErrorsOfExamples(stage, onMeasured) {
  /** @type {Float32Array | null} */
  let errors = null;
  let isMeasuring = false;

  async function measure() {
    isMeasuring = true;
    // What fails is a picture of examples that cannot be read, and it is read once.
    errors = await errorsOfExamples(stage).catch(() => NONE);
    isMeasuring = false;
    if (errors && !stage.gone.aborted) onMeasured();
  }

  return () => {
    if (!errors && !isMeasuring) measure();
    return errors;
  };
}
