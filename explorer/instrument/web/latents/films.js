import { repeated } from "../engine/decoder.js";
import { newestWins } from "../engine/scheduler.js";
import { sentenceFor } from "../errors.js";
import { isPart } from "../model/numbers.js";
import { present } from "../present.js";

/** Decoded at once: enough to keep the decoder busy, and few enough that a new z soon has its turn. */
const ROWS_AT_ONCE = 4;

/**
 * The filmstrips of latents: rows of images, made in a worker around the newest z. A row is both under a slider and among
 * the traversals. The same worker decodes any other images that are asked for.
 *
 * @param {{model: import("../model/model.js").Model, worker: import("../model/worker.js").DecodingWorker, onRow(latent: number, image: ImageData, codes: import("../model/model.js").Codes): void,
 *   onDone(z: number[]): void, onNotFinite(): void, onFailure(sentence: string): void}} options `model` decodes images
 */
export function createFilms({ model, worker, onRow, onDone, onNotFinite, onFailure }) {
  const { bytes, expected } = present(model.decoder);
  const remote = worker.open(bytes, expected);
  const [, height, width] = present(model.shape);
  const steps = model.latents[0]?.steps.length ?? 0;
  const rowWidth = steps * width;
  const rowBytes = rowWidth * height * 4;
  /** @type {ArrayBuffer | null} given back to the worker, so that a drag allocates nothing */
  let spare = null;
  let failed = false;
  let isGone = false;
  /** @typedef {import("../model/model.js").Codes} Codes */
  /** @type {Map<number, Codes>} what each row was decoded for, the row that waits longest first */
  const drawn = new Map();
  /** @type {number[] | null} */
  let shown = null;

  /** A latent's own row stays as it is while only that latent moves. @param {Codes} codes @param {number} latent */
  function isStale(codes, latent) {
    const was = drawn.get(latent);
    if (!was) return true;
    const [z, old] = [model.z({ codes }), model.z({ codes: was })];
    return hasOther(model, codes, was) || z.some((value, other) => value !== old[other] && other !== latent);
  }

  /** @param {Codes} codes @param {number[]} latents the stale ones, those never drawn first, then the oldest */
  function inTurn(codes, latents) {
    const turn = new Map([...drawn.keys()].map((latent, at) => [latent, at]));
    const stale = latents.filter((latent) => isStale(codes, latent));
    return stale.sort((a, b) => (turn.get(a) ?? -1) - (turn.get(b) ?? -1));
  }

  /** @param {unknown} error */
  function fail(error) {
    if (failed || isGone) return;
    failed = true;
    onFailure(sentenceFor(error, "The traversals could not be drawn: reload the page to try again."));
  }

  remote.ready.catch(fail);

  /** @param {Codes} codes @param {number[]} latents @returns {Promise<import("../model/worker.js").Sheet>} a row each */
  function decode(codes, latents) {
    const { parts } = present(model.continuous);
    const rows = latents.map((latent) => {
      const { name, at } = present(parts.findLast((part) => part.at <= latent));
      return { control: name, latent: latent - at, steps: model.latents[latent].steps };
    });
    const given = spare;
    spare = null;
    return remote.sheet(alongRows(model.tensors([codes]), rows), rows.length * steps, steps, given);
  }

  const queue = newestWins(async ({ codes, latents }, overtaken) => {
    if (failed || isGone) return;
    const stale = inTurn(codes, latents);
    for (let at = 0; at < stale.length; at += ROWS_AT_ONCE) {
      if (at && overtaken()) return;
      const began = performance.now();
      const some = stale.slice(at, at + ROWS_AT_ONCE);
      const answer = await decode(codes, some);
      if (!answer.finite) onNotFinite();
      some.forEach((latent, row) => {
        const pixels = new Uint8ClampedArray(answer.buffer, row * rowBytes, rowBytes);
        onRow(latent, new ImageData(pixels, rowWidth, height), codes);
        drawn.delete(latent);
        drawn.set(latent, codes);
      });
      spare = answer.buffer;
      // While a hand moves, strips leave half of a processor to the image under it.
      if (overtaken()) await new Promise((resolve) => setTimeout(resolve, performance.now() - began));
      if (isGone) return;
    }
    shown = model.z({ codes });
    onDone(shown);
  }, fail);

  return {
    /** @param {Codes} codes @param {number[]} latents the rows wanted */
    request: (codes, latents) => queue.request({ codes, latents }),
    /**
     * Decodes anything, in the order in which it is asked for.
     *
     * @param {Codes[]} codes
     * @param {number} columns
     * @returns {Promise<ImageData | null>} their images line by line; nothing where they cannot be decoded
     */
    async sheet(codes, columns) {
      try {
        const { buffer } = await remote.sheet(model.tensors(codes), codes.length, columns);
        return new ImageData(new Uint8ClampedArray(buffer), columns * width);
      } catch {
        return null;
      }
    },
    /** @returns {Promise<number[] | null>} Waits until nothing moves; gives the z that all rows then show, or nothing where they cannot be decoded. */
    async settled() {
      await queue.settled();
      return failed ? null : shown;
    },
    destroy() {
      isGone = true;
      remote.close();
    },
  };
}

/**
 * @param {import("../engine/decoder.js").Tensors} tensors of one value
 * @param {{control: string, latent: number, steps: number[]}[]} rows a latent of a control of numbers each, with as many steps
 * @returns {import("../engine/decoder.js").Tensors} row after row the value with one of its latents at each of the steps
 */
export function alongRows(tensors, rows) {
  const places = rows.flatMap(({ control, latent, steps }) => steps.map((step) => ({ control, latent, step })));
  const codes = repeated(tensors, places.length);
  places.forEach(({ control, latent, step }, at) => {
    const { data } = codes[control];
    data[at * (data.length / places.length) + latent] = step;
  });
  return codes;
}

/**
 * @param {import("../model/model.js").Model} model
 * @param {import("../model/model.js").Codes} codes
 * @param {import("../model/model.js").Codes} before
 * @returns {boolean} whether a control other than the continuous one has moved
 */
export const hasOther = ({ controls, continuous }, codes, before) =>
  controls.some(({ name }) => !isPart(continuous, name) && codes[name] !== before[name]);
