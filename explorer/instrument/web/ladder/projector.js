import { allFinite } from "../engine/pixels.js";
import { newestWins } from "../engine/scheduler.js";
import { InstrumentError, sentenceFor } from "../errors.js";
import { createPool } from "../model/pool.js";
import { createWorker } from "../model/worker.js";
import { present } from "../present.js";
import { rounded } from "../spaces/continuous.js";
import { trace } from "../trace.js";
import { inParts, tellers } from "./align.js";
import { cardOf, opener } from "./models.js";
import { STEPS } from "./rows.js";
import { go, placeOf } from "./state.js";
import { endsOf, finalOf, rungsOf, runOf, runsOf } from "./table.js";

/** All seeds of a rung, its neighbours, and what one came from: a model takes a few megabytes. */
const MOST_MODELS = 12;
/** A hand that rests for so long may want to go on from here: then the neighbours are fetched. */
const REST_MS = 200;
/** What is loaded already is there sooner; only what takes longer is shown as out of date meanwhile. */
const STALE_MS = 120;
/** So many images are looked at for one that β matters to: the first page of the chooser. */
const LOOKED_AT = 18;
/** Mean squared error of a pixel, of a range from 0 to 1, below which nobody sees a difference. */
const SEEN = 1e-4;

/** @param {{recipe: string, seed: number, step: number}} model */
const keyOf = ({ recipe, seed, step }) => `${recipe} ${seed} ${step}`;

/**
 * Turns the state into images: finds its model, encodes the chosen image, decodes z and what lies around it. A newer wish
 * overtakes one that waits for its model.
 *
 * @param {{table: import("./table.js").Table, name: string, folder: URL, card: import("../checkpoint/checkpoint.js").ImagesCard,
 *   count: number, engine: Promise<any>, assets: string, thumbnails: import("../checkpoint/thumbnails.js").Thumbnails,
 *   state(): import("./state.js").State, parts: import("./stage.js").TablePart[],
 *   onCode(z: number[], since: number): void, onShown(key: string): void,
 *   onTrouble(sentence: string | null): void}} options `parts` draw what is decoded; `onCode` receives the z of a model that has
 *   come on screen, and `onShown` the key of a model of which all that is seen is
 */
export function createProjector(options) {
  const { table, name, folder, card, count, engine, assets, thumbnails, parts, onCode, onShown, onTrouble } = options;
  const get = options.state;
  const gone = new AbortController();
  const worker = createWorker(assets);
  const models = createPool(opener({ engine, worker, gone: gone.signal }), MOST_MODELS);
  let ticket = 0;
  let rest = 0;
  let wait = 0;
  /** @type {import("./models.js").TableModel | null} what is on screen */
  let model = null;
  const ends = endsOf(table);
  /** The image that the ends of the ladder show. */
  let atEnds = -1;
  /** @type {{at: number, pixels: Promise<Float32Array>} | null} the chosen image, once an encoder has asked for it */
  let chosen = null;

  /** @param {number} at @returns {Promise<Float32Array>} C×H×W in [0, 1] */
  function pixelsOf(at) {
    if (chosen?.at !== at) {
      const pixels = thumbnails.pixels(at).catch((error) => {
        throw new InstrumentError(
          "The chosen image could not be read, so no model can encode it: reload the page.",
          error,
        );
      });
      const mine = (chosen = { at, pixels });
      mine.pixels.catch(() => chosen === mine && (chosen = null));
    }
    return chosen.pixels;
  }

  /** @param {import("./models.js").TableModel} model @param {number} image @returns {Promise<ArrayLike<number>>} */
  const codeOf = (model, image) => model.encode(image, () => pixelsOf(image));

  /** @param {string} recipe @param {number} seed @param {number} [step] @returns {import("./models.js").Place | null} */
  function locate(recipe, seed, step) {
    const run = runOf(table, recipe, seed);
    if (!run) return null;
    const stage = run.stages.find((stage) => stage.step === step) ?? finalOf(run);
    const shipped = stage === finalOf(run) ? run.checkpoint : null;
    if (!shipped && !stage.folder) return null;
    const path = shipped
      ? `../../checkpoints/${encodeURIComponent(shipped)}/`
      : `${present(stage.folder).split("/").map(encodeURIComponent).join("/")}/`;
    return {
      key: keyOf({ recipe, seed, step: stage.step }),
      entry: {
        id: shipped ?? `${name}/${stage.folder}`,
        url: new URL(path, folder).href,
        decoder: "decoder.onnx",
        again: `run \`${table.command}\` again.`,
      },
      card: cardOf(stage, card),
    };
  }

  /** @param {boolean} stale */
  function setStale(stale) {
    clearTimeout(wait);
    for (const part of parts) part.setStale?.(stale);
  }

  /** @param {unknown} error @param {string} otherwise */
  function fail(error, otherwise) {
    if (gone.signal.aborted) return;
    console.error(error);
    setStale(true);
    onTrouble(sentenceFor(error, otherwise));
  }

  /** The model of the state, and where it is not given, the z to which it encodes the image. */
  async function refresh() {
    const mine = ++ticket;
    const start = performance.now();
    clearTimeout(rest);
    clearTimeout(wait);
    wait = window.setTimeout(() => setStale(true), STALE_MS);
    const state = get();
    const place = locate(state.recipe, state.seed, state.step);
    drawEnds();
    try {
      if (!place) {
        throw new InstrumentError(
          "The weights at this point of training were not kept, so there are numbers here but no images.",
        );
      }
      const found = await models.get(place);
      if (mine !== ticket) return;
      const z = state.z ?? Array.from(await codeOf(found, state.image), rounded);
      if (mine !== ticket) return;
      model = found;
      onTrouble(null);
      onCode(z, start);
      if (z === state.z) paint(start);
      rest = window.setTimeout(prefetch, REST_MS);
    } catch (error) {
      if (mine !== ticket) return;
      model = null;
      fail(error, "This model could not be opened: reload the page, or choose another.");
    }
  }

  const pictures = newestWins(
    async ({ model, z, time }) => {
      const values = await model.decode(z);
      if (!allFinite(values)) {
        throw new InstrumentError(`${model.name}/decoder.onnx returns NaN or infinity at this z: move it back.`);
      }
      onTrouble(null);
      for (const part of parts) part.drawImage?.(values);
      trace("ladder:image", { since: time });
      if (get().keep) await drawSiblings(z);
    },
    (error) => fail(error, "The image could not be decoded: reload the page to try again."),
  );

  const grids = newestWins(
    async ({ model, z, time, key }) => {
      for (const some of inParts(placeOf(table, get()).stage)) {
        const buffer = await model.rows(z, some, STEPS);
        // Meanwhile another model may have come on screen, with other latents in the rows.
        if (gone.signal.aborted || key !== keyOf(get())) return;
        for (const part of parts) part.drawRows?.(some, buffer);
      }
      setStale(false);
      trace("ladder:rows", { since: time });
      onShown(key);
    },
    (error) => fail(error, "The traversals could not be drawn: reload the page to try again."),
  );

  /** @param {number} time when it was asked for */
  function paint(time) {
    const { z } = get();
    if (!model || !z) return;
    pictures.request({ model, z, time });
    grids.request({ model, z, time, key: keyOf(get()) });
  }

  /** @returns {Promise<import("./models.js").TableModel[]>} of the ends of the ladder */
  const openEnds = () => Promise.all(ends.map(({ recipe, seed }) => models.get(present(locate(recipe, seed)))));

  /** The chosen image as both ends of the ladder see it, whatever model is on screen. */
  async function drawEnds() {
    const { image } = get();
    if (image === atEnds) return;
    atEnds = image;
    try {
      const opened = await openEnds();
      await Promise.all(
        opened.map(async (end, at) => {
          const z = Array.from(await codeOf(end, image));
          const latents = tellers(finalOf(ends[at]));
          const [values, rows] = await Promise.all([end.decode(z), end.rows(z, latents, STEPS)]);
          if (gone.signal.aborted || get().image !== image) return;
          for (const part of parts) part.drawEnd?.(at, values, rows);
        }),
      );
    } catch (error) {
      if (gone.signal.aborted || get().image !== image) return;
      atEnds = -1;
      console.error(error);
      onTrouble(sentenceFor(error, "The ends of the ladder could not be shown: reload the page."));
    }
  }

  /** @param {number} seed @param {Float32Array} values */
  function drawSibling(seed, values) {
    for (const part of parts) part.drawSibling?.(seed, values);
  }

  /** What the other seeds make of z. @param {number[]} z */
  async function drawSiblings(z) {
    const { recipe } = get();
    for (const { seed } of runsOf(table, recipe)) {
      const place = locate(recipe, seed);
      const other = place && models.peek(place.key);
      if (other?.latents === z.length) drawSibling(seed, await other.decode(z));
    }
  }

  /** What the other seeds of the row show, and then the models that one step of a slider leads to. */
  async function prefetch() {
    const mine = ticket;
    const state = get();
    try {
      for (const { seed } of runsOf(table, state.recipe)) {
        const place = locate(state.recipe, seed);
        if (!place) continue;
        const other = await models.get(place);
        const z = state.keep && state.z ? state.z : await codeOf(other, state.image);
        if (mine !== ticket) return;
        if (z.length === other.latents) drawSibling(seed, await other.decode(z));
        await other.ready;
      }
      for (const place of around(state)) {
        if (mine !== ticket) return;
        // One after the other, so that the rows of a next turn wait for one of them at the most.
        await (await models.get(place)).ready;
      }
    } catch (error) {
      // Nobody has asked for it yet; the error is shown when somebody does.
      if (!gone.signal.aborted) console.warn(error);
    }
  }

  /** @param {import("./state.js").State} state @returns {import("./models.js").Place[]} one rung or moment away */
  function around(state) {
    const rungs = rungsOf(table);
    const at = rungs.findIndex(({ recipe }) => recipe === state.recipe);
    const rows = at < 0 ? [] : [rungs[at + 1], rungs[at - 1]].filter(Boolean);
    const { stages } = present(runOf(table, state.recipe, state.seed));
    const moment = stages.findIndex(({ step }) => step === state.step);
    const moments = [stages[moment + 1], stages[moment - 1]].filter(Boolean);
    const places = [
      ...rows.map(({ recipe }) => go(table, state, { recipe })),
      ...moments.map(({ step }) => ({ ...state, step })),
    ].map(({ recipe, seed, step }) => locate(recipe, seed, step));
    return places.filter((place) => place !== null);
  }

  return {
    refresh,
    paint,
    /** @returns {Promise<number>} of the first images, the one of which a large β loses most that a small β keeps */
    async mostTelling() {
      let best = 0;
      if (!ends.length) return best;
      const { recipe, seed, step } = get();
      const place = locate(recipe, seed, step);
      // The model of the dial is on its way meanwhile; the error is shown with it.
      if (place) models.get(place).catch(() => {});
      try {
        const opened = await openEnds();
        let most = SEEN;
        for (let image = 0; image < Math.min(count, LOOKED_AT); image++) {
          const pixels = await thumbnails.pixels(image);
          const [near, far] = await Promise.all(
            opened.map(async (end) =>
              meanSquaredError(await end.decode(await end.encode(image, async () => pixels)), pixels),
            ),
          );
          if (far - near > most) [best, most] = [image, far - near];
        }
      } catch (error) {
        // The error is shown in place of the image.
        if (!gone.signal.aborted) console.warn(error);
      }
      return best;
    },
    /** @returns {Promise<ArrayLike<number> | null>} the posterior mean of the chosen image; nothing where there is no model */
    async encoded() {
      const mine = ticket;
      const mean = model && (await codeOf(model, get().image));
      return mine === ticket ? (mean ?? null) : null;
    },
    destroy() {
      gone.abort();
      ticket++;
      clearTimeout(rest);
      clearTimeout(wait);
      models.destroy();
      worker.destroy();
    },
  };
}

/** @param {Float32Array} one @param {Float32Array} other @returns {number} of a pixel */
const meanSquaredError = (one, other) => one.reduce((sum, value, at) => sum + (value - other[at]) ** 2, 0) / one.length;
