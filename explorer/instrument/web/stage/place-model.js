import { hasImages } from "../checkpoint/checkpoint.js";
import { codesOf, fetchEmbedding } from "../checkpoint/embedding.js";
import { createThumbnails } from "../checkpoint/thumbnails.js";
import { corrupted } from "../engine/corruption.js";
import { sentenceFor } from "../errors.js";
import { createFilms } from "../latents/films.js";
import { createPlayer } from "../latents/player.js";
import { createMarking } from "../map/marking.js";
import { shownLatents } from "../model/latents.js";
import { layOut } from "../panels/lay-out.js";
import { present } from "../present.js";
import { trace } from "../trace.js";
import { createCommands } from "./commands.js";
import { createCurrent } from "./current.js";
import { createSignal } from "./signal.js";
import { createSourceReader } from "./source-reader.js";

/** So many draws from a posterior are kept, the last ones. */
const MOST_DRAWS = 32;

/**
 * An open checkpoint with the panels that fit it, wherever they are laid out.
 *
 * @param {import("../stage.js").Setting & {panels: import("../stage.js").Panel[], isAlone?: boolean,
 *   thumbnails?: import("../checkpoint/thumbnails.js").Thumbnails | null, onReady?: () => void}} options `isAlone`: all its memory is for this model; `thumbnails` of the same images, where they
 *   are open already; `onReady`: where the examples lie is known, if anything
 */
export function placeModel(options) {
  const { model, store, worker, assets, fromExample, messages, panels, onFirst, onReady } = options;
  const { entry, card } = model;
  const initial = store.get();
  const player = createPlayer(store, model);
  const gone = new AbortController();
  /** @type {import("../checkpoint/embedding.js").Embedding | null} */
  let embedding = null;
  /** @type {import("../store.js").Source | null} */
  let source = null;
  /** @type {ReturnType<typeof createFilms> | null} */
  let films = null;
  let started = () => {};
  const start = /** @type {Promise<void>} */ (new Promise((resolve) => (started = resolve)));
  const thumbnails =
    options.thumbnails ??
    (hasImages(card)
      ? createThumbnails(entry, card, (sentence) => gone.signal.aborted || warn(sentence, "start"))
      : null);
  let warned = false;
  /** @type {((latent: number, image: ImageData, codes: import("../model/model.js").Codes) => void)[]} */
  const rowListeners = [];

  /** @param {string} sentence @param {string} name */
  function warn(sentence, name) {
    messages.warn(sentence, parts.find(({ panel }) => panel.name === name)?.part.element);
  }

  if (model.encoder) model.encoder.through = (pixels) => corrupted(pixels, store.get().noise);
  const isNoisy = () => store.get().noise.level > 0 && model.encoder !== null && thumbnails !== null;

  /** @param {number} example @returns {ReturnType<typeof codesOf>} where it puts the controls; under noise only the encoder knows */
  const whereIs = (example) =>
    codesOf(example, model, embedding, thumbnails, store.get().codes, isNoisy() ? "encoder" : "file");

  const commands = createCommands({
    model,
    store,
    player,
    codesOf: whereIs,
    nameOf: (example) => embedding?.words?.[example] ?? embedding?.labels[example] ?? null,
    source: () => source,
    onDraw: (z) => stage.draws.set([...stage.draws.get(), z].slice(-MOST_DRAWS)),
    messages,
    warn: (sentence) => warn(sentence, "start"),
  });

  /** @param {import("../model/model.js").Codes[]} codes @param {number} columns */
  async function decodeSheet(codes, columns) {
    await start;
    const { example } = store.get();
    return codes.some((one) => model.waits({ codes: one, example })) ? null : (films?.sheet(codes, columns) ?? null);
  }

  /** @type {import("../stage.js").Stage} */
  const stage = {
    model,
    entry,
    card: /** @type {import("../checkpoint/checkpoint.js").ImagesCard} */ (card),
    commands,
    store,
    player,
    messages,
    warn,
    assets,
    films: {
      onRow: (listener) => void rowListeners.push(listener),
      settled: async () => (await films?.settled()) ?? null,
    },
    decodeLatents: (z, columns) =>
      decodeSheet(
        z.map((one) => model.withZ(store.get(), /** @type {number[]} */ (one)).codes),
        columns,
      ),
    decodeSheet,
    embedding: () => embedding,
    thumbnails: () => present(thumbnails),
    source: () => source,
    openTab: (tab) => parts.forEach(({ part }) => part.openTab?.(tab)),
    openPanel: () => {},
    shownPanel: () => "",
    current: createCurrent(shownLatents(model, initial)[0] ?? 0),
    picture: { canvas: null, text: () => null, fit: () => {}, drawGrid: null },
    marking: createMarking(),
    decoded: createSignal(/** @type {import("../stage.js").Decoded | null} */ (null)),
    draws: createSignal(/** @type {number[][]} */ ([])),
    unlike: createSignal(/** @type {string | null} */ (null)),
    warnNotFinite() {
      if (warned || gone.signal.aborted) return;
      warned = true;
      const file = `${entry.id}/${card.graphs.decode?.file}`;
      warn(`${file} returns NaN or infinity away from z = 0: train it again, then export it.`, "output");
    },
    first: options.first ?? null,
    isAlone: Boolean(options.isAlone),
    drawn: options.drawn ?? null,
    onFirst: first,
    gone: gone.signal,
  };

  const reader = createSourceReader({
    model,
    store,
    thumbnails,
    embedding: () => embedding,
    isNoisy,
    source: () => source,
    onSource: setSource,
    onFailure(sentence) {
      warn(sentence, "source");
      waitNoLonger();
    },
    gone: gone.signal,
  });

  const { parts, missing } = layOut(panels, model, stage);
  for (const { panel, part } of parts) part.element.dataset.panel = panel.name;

  /** @param {import("../store.js").Source | null} next */
  function setSource(next) {
    const isOther = next?.codes !== source?.codes;
    source = next;
    if (isOther && stage.draws.get().length) stage.draws.set([]);
    for (const { part } of parts) part.setSource?.(source);
    const { mean, logVariance } = source ?? {};
    const posterior =
      mean && logVariance
        ? { mean: Array.from(mean), std: Array.from(logVariance, (value) => Math.exp(value / 2)) }
        : null;
    trace("instrument:posterior", { detail: posterior });
  }

  /** The image does not come: the decoder is given none of it, so that z still moves what is drawn. */
  function waitNoLonger() {
    const state = store.get();
    if (model.waits(state)) store.set({ example: null, codes: { ...state.codes } });
  }

  /** @param {import("../store.js").State} state */
  function drawFilms(state) {
    if (!model.waits(state)) films?.request(state.codes, shownLatents(model, state));
  }

  /** @param {import("../store.js").State} state @param {import("../store.js").State | null} before @param {number} time */
  function show(state, before, time) {
    for (const { part } of parts) part.show?.(state, before, time);
    if (state.codes !== before?.codes || state.unfolded !== before?.unfolded) drawFilms(state);
    const name = model.condition?.name ?? "";
    const isSeenOtherwise = before && state.codes[name]?.seen !== before.codes[name]?.seen;
    if (state.example !== before?.example || state.own !== before?.own || state.noise !== before?.noise)
      reader.find(state);
    else if (isSeenOtherwise && state.own) reader.read({ own: state.own });
    else if (isSeenOtherwise && state.example !== null && embedding) reader.read({ example: state.example });
  }

  /** @param {import("../store.js").State} state */
  function settled(state) {
    // A key or a pointer may be let go of after its model was taken down: what comes next is not where that one was.
    if (gone.signal.aborted) return;
    for (const { part } of parts) part.settle?.(state);
  }

  /** What is not needed for the first image begins only once it is on screen. */
  function first() {
    requestAnimationFrame(() => setTimeout(() => !gone.signal.aborted && follow()));
  }

  async function follow() {
    onFirst();
    if (model.decoder && model.shape) {
      films = createFilms({
        model,
        worker,
        onRow(latent, image, codes) {
          for (const listener of rowListeners) listener(latent, image, codes);
        },
        onDone(z) {
          trace("instrument:grid", { detail: { z } });
        },
        onNotFinite: stage.warnNotFinite,
        onFailure: (sentence) => warn(sentence, "controls"),
      });
      drawFilms(store.get());
    }
    started();
    if (!card.examples) return onReady?.();
    try {
      embedding = await fetchEmbedding(model, gone.signal);
      for (const { part } of parts) part.fill?.(embedding);
      reader.find(store.get());
      onReady?.();
      const { example, codes } = store.get();
      if (fromExample && example !== null && codes === initial.codes) commands.choose(example);
    } catch (error) {
      if (gone.signal.aborted) return;
      console.error(error);
      const otherwise = "The test examples could not be read: copy the checkpoint folder again.";
      for (const { part } of parts) part.refuse?.(sentenceFor(error, otherwise));
      waitNoLonger();
    }
  }

  store.onChange(show);
  store.onCommit(settled);
  show(initial, null, performance.now());
  stage.current.set(stage.current.get());
  for (const { part } of parts) part.settle?.(initial);

  return {
    stage,
    parts,
    missing,
    thumbnails,
    /** @param {number} example @returns {ReturnType<typeof codesOf>} where it puts the controls */
    codesOf: whereIs,
    destroy() {
      gone.abort();
      player.cancel();
      started();
      films?.destroy();
      for (const { part } of parts) part.destroy?.();
    },
  };
}
