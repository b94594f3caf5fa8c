import { article } from "../article.js";
import { codesOf } from "../checkpoint/embedding.js";
import { newestWins } from "../engine/scheduler.js";
import { sentenceFor } from "../errors.js";
import { present } from "../present.js";

/** @param {string} label @returns {string} as one says it: a 7, Shirt */
const called = (label) => (/^\d+$/.test(label) ? `${article(label)} ${label}` : label);

/**
 * Finds the posterior of the image that is chosen: from the file of the examples, or by asking the encoder.
 *
 * @param {{model: import("../model/model.js").Model, store: import("../store.js").Store,
 *   thumbnails: import("../checkpoint/thumbnails.js").Thumbnails | null,
 *   embedding(): import("../checkpoint/embedding.js").Embedding | null, isNoisy(): boolean,
 *   source(): import("../store.js").Source | null, onSource(source: import("../store.js").Source | null): void,
 *   onFailure(sentence: string): void, gone: AbortSignal}} options `source`: what it is now; `isNoisy`: noise is laid on
 *   what the encoder sees
 */
export function createSourceReader({
  model,
  store,
  thumbnails,
  embedding,
  isNoisy,
  source,
  onSource,
  onFailure,
  gone,
}) {
  /** @param {import("../store.js").State} state */
  function find({ example, own }) {
    const examples = embedding();
    if (own || example === null || !examples) return onSource(own);
    if (isNoisy() || model.asksEncoder) return read({ example });
    const { mean, logVariance, latents } = examples;
    const part = (/** @type {Float32Array | null} */ all) =>
      all?.subarray(example * latents, (example + 1) * latents) ?? null;
    const known = codesOf(example, model, examples, thumbnails, store.get().codes);
    const mine = {
      title: titleOf(example),
      pixels: null,
      codes: known instanceof Promise || !known ? {} : known,
      mean: part(mean),
      logVariance: part(logVariance),
    };
    onSource(mine);
    thumbnails?.pixels(example).then(
      (pixels) => source() === mine && onSource({ ...mine, pixels }),
      () => {},
    );
  }

  /** @param {number} example */
  function titleOf(example) {
    const label = embedding()?.labels[example] ?? null;
    const word = embedding()?.words?.[example];
    const name = word ? `“${word}”` : label === null ? null : called(label);
    return `${present(model.card.examples).split} ${word ? "word" : "image"} #${example}${name === null ? "" : ` (${name})`}`;
  }

  const reading = newestWins(
    async (/** @type {{example?: number, own?: import("../store.js").Source}} */ { example, own }) => {
      const pixels = own ? own.pixels : await present(thumbnails).pixels(present(example));
      const { codes, noise } = store.get();
      const posterior = await present(model.encoder).encode(pixels, codes);
      if (gone.aborted) return;
      // Of a test image without noise the file says where it lies, at once.
      if (!own && (store.get().example !== example || store.get().noise !== noise)) return;
      const title = own?.title ?? titleOf(present(example));
      onSource({ ...own, title, pixels, ...posterior });
      if (!model.condition) return;
      // A link says what is seen of the image, and not its pixels.
      const { name } = model.condition;
      if (!store.get().codes[name].pixels)
        store.set({ codes: { ...store.get().codes, [name]: posterior.codes[name] } });
    },
    (error) => {
      if (gone.aborted) return;
      console.error(error);
      onFailure(sentenceFor(error, "The image could not be encoded: reload the page to try again."));
    },
  );

  /** Asks the encoder, as of now. @param {{example?: number, own?: import("../store.js").Source}} of */
  function read(of) {
    if (model.encoder && (of.own || thumbnails)) reading.request(of);
  }

  return { find, read };
}
