import { createThumbnails } from "../checkpoint/thumbnails.js";
import { el, withCode } from "../dom.js";
import { newestWins } from "../engine/scheduler.js";
import { InstrumentError, sentenceFor } from "../errors.js";
import { rounded } from "../store.js";
import { createDial } from "./dial.js";
import { createImage } from "./image.js";
import { createCache, opener } from "./models.js";
import { REACH, STEPS, codesOf, createRows } from "./rows.js";
import { createScores } from "./scores.js";
import { createSheets } from "./sheets.js";
import { createSiblings } from "./siblings.js";
import { go, placeOf } from "./state.js";
import { finalOf, rungsOf, runOf, runsOf } from "./table.js";
import { createTrade } from "./trade.js";
import { missingWords } from "./words.js";

/** All seeds of a rung, its neighbours, and what one came from: a model takes a few megabytes. */
const MOST_MODELS = 12;
/** A hand that rests for so long may want to go on from here: then its neighbours are fetched. */
const REST_MS = 200;
/** What is loaded already is there sooner; only what takes longer is shown as out of date meanwhile. */
const STALE_MS = 120;

/** @param {{recipe: string, seed: number, step: number}} model */
const keyOf = ({ recipe, seed, step }) => `${recipe} ${seed} ${step}`;

/**
 * The page of one table: panels around one state.
 *
 * @param {{table: import("./table.js").Table, folder: URL, card: import("../checkpoint/checkpoint.js").Card,
 *   entry: import("../checkpoint/checkpoint.js").Entry, assets: string, initial: import("./state.js").State,
 *   messages: ReturnType<typeof import("../messages.js").createMessages>, onReady(): void,
 *   onState(state: import("./state.js").State): void}} options `folder` is the table's, `card` that of the examples
 */
export function createPage({ table, folder, card, entry, assets, initial, messages, onReady, onState }) {
  const gone = new AbortController();
  const { shape } = card.image;
  const factors = (card.data?.factors ?? []).map(({ name }) => name);
  const sheets = createSheets(assets);
  const open = opener({ assets, sheets, shape, again: `run \`${table.command}\` again.`, gone: gone.signal });
  const models = createCache(open, MOST_MODELS);
  const thumbnails = createThumbnails(entry, card, (sentence) => gone.signal.aborted || messages.warn(sentence));
  const finals = table.runs.map(finalOf);

  let state = initial;
  let ticket = 0;
  let timer = 0;
  let staleTimer = 0;
  /** @type {import("./models.js").Model | null} what is on screen */
  let model = null;

  const dial = createDial({ table, onMove: move, messages });
  const image = createImage({ card, thumbnails, onMove: move });
  const rows = createRows({
    latents: Math.max(...finals.map(({ latents }) => latents.length)),
    factors,
    shape,
    largestKl: Math.max(...finals.flatMap(({ latents }) => latents.map(({ kl_nats }) => kl_nats))),
    onMove(latent, value, time) {
      if (!model || !state.z) return;
      const z = [...state.z];
      z[latent] = rounded(Math.min(REACH, Math.max(-REACH, value)));
      state = { ...state, z };
      paint(time);
    },
    onSettle: () => onState(state),
    async onReset(latent) {
      if (!model || !state.z) return;
      const mine = ticket;
      const mean = await model.encode(await thumbnails.pixels(state.image));
      if (mine !== ticket) return;
      state = { ...state, z: state.z.map((value, at) => (at === latent ? rounded(mean[latent]) : value)) };
      paint();
      onState(state);
    },
  });
  const visit = (recipe, seed) => move({ recipe, seed });
  const trade = createTrade({ table, onGo: visit });
  const scores = createScores({ table, onGo: visit });
  const siblings = createSiblings({ table, factors, shape, onChoose: (seed) => move({ seed }) });
  const missing = missingWords(table);
  const trouble = el("p", { class: "trouble", role: "alert", hidden: true });
  const element = el(
    "div",
    { class: "ladder" },
    dial.element,
    missing ? el("p", { class: "hint missing-words" }, ...withCode(missing)) : null,
    trouble,
    el(
      "div",
      { class: "ladder-main" },
      image.element,
      el("div", { class: "middle" }, rows.element, scores.element),
      el("div", { class: "numbers" }, siblings.element, trade.element),
    ),
  );

  /** @param {string} recipe @param {number} seed @param {number} [step] @returns {import("./models.js").Place | null} */
  function locate(recipe, seed, step) {
    const run = runOf(table, recipe, seed);
    const stage = run?.stages.find((stage) => stage.step === step) ?? (run && finalOf(run));
    if (!stage) return null;
    const shipped = run.checkpoint && stage === finalOf(run);
    if (!shipped && !stage.folder) return null;
    const path = shipped ? `../../checkpoints/${encodeURIComponent(run.checkpoint)}/` : `${stage.folder}/`;
    return { key: keyOf({ recipe, seed, step: stage.step }), folder: new URL(path, folder), files: stage.files, latents: stage.latents.length };
  }

  /** @param {Partial<import("./state.js").State>} change */
  function move(change) {
    const before = state;
    state = go(table, state, change);
    show();
    if (state.recipe === before.recipe && state.seed === before.seed && state.step === before.step && state.image === before.image && state.keep === before.keep) return;
    refresh();
  }

  /** Every number, from the table: at once. */
  function show() {
    const { run, stage } = placeOf(table, state);
    dial.show(state);
    image.show(state);
    rows.show(stage, run);
    trade.show(run, stage);
    scores.show(run, stage);
    siblings.show(state);
  }

  /** @param {boolean} stale */
  function setStale(stale) {
    clearTimeout(staleTimer);
    image.setStale(stale);
    rows.setStale(stale);
  }

  /** The pictures, as soon as the model is there; a newer wish overtakes one that waits for its model. */
  async function refresh() {
    const mine = ++ticket;
    const start = performance.now();
    clearTimeout(timer);
    clearTimeout(staleTimer);
    staleTimer = window.setTimeout(() => setStale(true), STALE_MS);
    const place = locate(state.recipe, state.seed, state.step);
    try {
      if (!place) {
        model = null;
        setStale(true);
        return refuse("The weights of this moment were not kept: its numbers are here, its images are not.");
      }
      const [found, pixels] = await Promise.all([models.get(place), thumbnails.pixels(state.image)]);
      if (mine !== ticket) return;
      const z = state.z ?? Array.from(await found.encode(pixels), rounded);
      if (mine !== ticket) return;
      model = found;
      state = { ...state, z };
      refuse(null);
      await paint(start);
      onState(state);
      timer = window.setTimeout(prefetch, REST_MS);
    } catch (error) {
      if (gone.signal.aborted || mine !== ticket) return;
      console.error(error);
      model = null;
      setStale(true);
      refuse(sentenceFor(error, "This model could not be opened: reload the page, or choose another."));
    }
  }

  /** @param {string | null} sentence */
  function refuse(sentence) {
    trouble.hidden = sentence === null;
    trouble.replaceChildren(...withCode(sentence ?? ""));
  }

  const pictures = newestWins(async ({ model, z, time }) => {
    const values = await model.decoder.decode(Float32Array.from(z), 1);
    image.draw(values);
    image.setStale(false);
    performance.measure("ladder:image", { start: time, end: performance.now() });
    if (state.keep) await drawSiblings(z);
  }, fail);

  const grids = newestWins(async ({ model, z, time, key }) => {
    for (const some of rows.parts()) {
      const buffer = await model.sheet(codesOf(z, some), STEPS.length);
      // Meanwhile another model may have come on screen, with other latents in the rows.
      if (gone.signal.aborted || key !== keyOf(state)) return;
      if (!buffer) throw new InstrumentError("The traversals could not be decoded: reload the page to try again.");
      rows.draw(some, buffer);
    }
    setStale(false);
    performance.measure("ladder:rows", { start: time, end: performance.now(), detail: { key, z } });
    element.dataset.shown = key;
    onReady();
  }, fail);

  /** @param {unknown} error */
  function fail(error) {
    if (gone.signal.aborted) return;
    console.error(error);
    refuse(sentenceFor(error, "The images could not be decoded: reload the page to try again."));
  }

  /** @param {number} [time] when it was asked for */
  async function paint(time = performance.now()) {
    const key = keyOf(state);
    rows.frame(state.z);
    pictures.request({ model, z: state.z, time });
    grids.request({ model, z: state.z, time, key });
    await pictures.settled();
  }

  /** What the other seeds make of z. @param {number[]} z */
  async function drawSiblings(z) {
    for (const seed of siblings.seeds()) {
      const other = models.peek(locate(state.recipe, seed)?.key);
      if (other?.latents === z.length) siblings.draw(seed, await other.decoder.decode(Float32Array.from(z), 1));
    }
  }

  /** The other seeds of this row, which are on screen too, then what one step of a slider leads to. */
  async function prefetch() {
    const mine = ticket;
    const { recipe, seed, keep, image } = state;
    try {
      const pixels = await thumbnails.pixels(image);
      for (const other of siblings.seeds()) {
        const place = locate(recipe, other);
        if (mine !== ticket) return;
        if (!place) continue;
        const model = await models.get(place);
        if (mine !== ticket) return;
        const z = keep ? Float32Array.from(state.z) : await model.encode(pixels);
        if (z.length === model.latents) siblings.draw(other, await model.decoder.decode(z, 1));
      }
      const rungs = rungsOf(table).filter((row) => runsOf(table, row.recipe).length);
      const at = rungs.findIndex((row) => row.recipe === recipe);
      for (const row of at < 0 ? [] : [rungs[at + 1], rungs[at - 1]]) {
        if (mine !== ticket) return;
        const place = row && locate(row.recipe, go(table, state, { recipe: row.recipe }).seed);
        if (place) await models.get(place);
      }
      const { stages } = runOf(table, recipe, seed);
      const stage = stages.findIndex(({ step }) => step === state.step);
      for (const next of [stages[stage + 1], stages[stage - 1]]) {
        if (mine !== ticket) return;
        const place = next && locate(recipe, seed, next.step);
        if (place) await models.get(place);
      }
    } catch (error) {
      // Nobody asked for it yet: whoever does hears of it then.
      console.warn(error);
    }
  }

  thumbnails.onLoad(() => image.drawOriginal());
  show();
  refresh();

  return {
    element,
    destroy() {
      gone.abort();
      ticket++;
      clearTimeout(timer);
      clearTimeout(staleTimer);
      dial.stop();
      models.destroy();
      sheets.destroy();
    },
  };
}
