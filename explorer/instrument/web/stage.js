import { article } from "./article.js";
import { createBench } from "./bench.js";
import { hasImages } from "./checkpoint/checkpoint.js";
import { codesOf, fetchEmbedding } from "./checkpoint/embedding.js";
import { createThumbnails } from "./checkpoint/thumbnails.js";
import { createCommands } from "./commands.js";
import { corrupted } from "./engine/corruption.js";
import { newestWins } from "./engine/scheduler.js";
import { sentenceFor } from "./errors.js";
import { createFilms } from "./latents/films.js";
import { createPlayer } from "./latents/player.js";
import { createMarking } from "./map/marking.js";
import { shownLatents } from "./model/latents.js";
import { PANELS } from "./panels/index.js";
import { layOut, standing } from "./panels/lay-out.js";
import { present } from "./present.js";
import { createSignal } from "./signal.js";
import { createStore } from "./store.js";
import { createTabs } from "./tabs.js";
import { trace } from "./trace.js";

/** @param {string} label @returns {string} as one says it: a 7, Shirt */
const called = (label) => (/^\d+$/.test(label) ? `${article(label)} ${label}` : label);

/** So many draws from a posterior are kept, the last ones. */
const MOST_DRAWS = 32;

/**
 * What every panel may use.
 *
 * @typedef {object} Stage
 * @property {import("./model/model.js").Model} model
 * @property {import("./checkpoint/checkpoint.js").Entry} entry
 * @property {import("./checkpoint/checkpoint.js").ImagesCard} card of the model; that it makes images and has examples
 *   holds for a panel that asked for them in `fits`
 * @property {import("./commands.js").Commands} commands
 * @property {import("./store.js").Store} store
 * @property {import("./latents/player.js").Player} player
 * @property {ReturnType<typeof import("./messages.js").createMessages>} messages
 * @property {(sentence: string, panel: string) => void} warn under a panel, by its name: what went wrong there
 * @property {string} assets absolute URL of this folder, with trailing slash
 * @property {Films} films the filmstrips of the latents
 * @property {(z: ArrayLike<number>[], columns: number) => Promise<ImageData | null>} decodeLatents images of any values of
 *   the continuous control, the others as they are on screen; in a worker
 * @property {(codes: import("./model/model.js").Codes[], columns: number) => Promise<ImageData | null>} decodeSheet the
 *   same of any values of all controls
 * @property {() => import("./checkpoint/embedding.js").Embedding | null} embedding once it has arrived
 * @property {() => import("./checkpoint/thumbnails.js").Thumbnails} thumbnails
 * @property {() => import("./store.js").Source | null} source whose posterior is drawn
 * @property {(tab: "test" | "draw" | "upload") => void} openTab where an image comes from
 * @property {(name: string) => void} openPanel shows a panel of the place "tabs", by its name
 * @property {() => string} shownPanel the one that is shown there
 * @property {Current} current the latent that keys and actions are about
 * @property {Picture} picture what is there of the output for others to use
 * @property {import("./map/marking.js").Marking} marking what is marked on the map
 * @property {import("./signal.js").Signal<Decoded | null>} decoded what the decoder made last on this thread
 * @property {import("./signal.js").Signal<number[][]>} draws codes drawn from the posterior of the source
 * @property {import("./signal.js").Signal<string | null>} unlike in what the source is unlike the examples, if in anything
 * @property {() => void} warnNotFinite says once that the decoder gives values that are no numbers: they are drawn black,
 *   which would pass for an image
 * @property {Decoded | null} first what was decoded before there was a stage
 * @property {boolean} isAlone no other model stands beside it, so that a panel may begin by itself
 * @property {string | null} drawn the seed of the draw from the prior that it opened on, if it did
 * @property {() => void} onFirst for the panel of the output: its first is on screen
 * @property {AbortSignal} gone once the checkpoint is closed
 *
 * @typedef {{get(): number, set(latent: number): void, onSet(listener: (latent: number, before: number) => void): void,
 *   step(by: number): void, onStep(listener: (latent: number) => void): void}} Current
 *
 * @typedef {{onRow(listener: (latent: number, image: ImageData, codes: import("./model/model.js").Codes) => void): void,
 *   settled(): Promise<number[] | null>}} Films `settled` waits until nothing moves; gives the z that all rows show then
 *
 * @typedef {{canvas: HTMLCanvasElement | null, text(): string | null, fit(width: number): void,
 *   drawGrid: ((z: number[]) => HTMLCanvasElement) | null}} Picture `drawGrid`: all filmstrips as one picture
 *
 * @typedef {{codes: import("./model/model.js").Codes, values: Float32Array}} Decoded
 *
 * A part of the stage. `show` follows every move, `fill` comes once the codes of the examples are here, `refuse` where
 * they cannot be, and `setSource` when another image's posterior is drawn. `openTab` brings
 * one of its tabs into sight.
 *
 * @typedef {{element: HTMLElement,
 *   show?(state: import("./store.js").State, before: import("./store.js").State | null, time: number): void,
 *   settle?(state: import("./store.js").State): void,
 *   fill?(embedding: import("./checkpoint/embedding.js").Embedding): void, refuse?(sentence: string): void,
 *   setSource?(source: import("./store.js").Source | null): void, openTab?(tab: string): void, destroy?(): void}} Part
 *
 * A panel: for which models it is, or in a sentence why not ("" where nothing is to be said), and where it stands.
 *
 * `compare` says where it stands beside other models: once for each, once for all, once above all, or not at all.
 *
 * The places, from left to right as the model computes: the image that is encoded (`source`); what moves the latents
 * (`controls`); the decoded image and its actions (`picture`), and what is said of it (`below`); the map (`chart`), and what
 * is said of it (`side`). Of the panels in `tabs`, below the latents, one is shown at a time, under its `title`.
 *
 * @typedef {"source" | "controls" | "picture" | "below" | "chart" | "side" | "tabs"} Place
 * Where what such a panel is `about` is new, its tab opens by itself.
 *
 * @typedef {{name: string, compare?: "each" | "once" | "above", place: Place, title?: string,
 *   about?(state: import("./store.js").State): object | null,
 *   fits(model: import("./model/model.js").Model): true | string, create(stage: Stage): Part}} Panel
 */

/**
 * What one open checkpoint needs to be worked with, and the panels that fit it, wherever they are laid out.
 *
 * @typedef {object} Setting
 * @property {import("./model/model.js").Model} model
 * @property {import("./store.js").Store} store where it is
 * @property {import("./model/worker.js").DecodingWorker} worker for what follows the first image
 * @property {string} assets
 * @property {boolean} fromExample nothing but the test image says where it is
 * @property {string | null} [drawn] the seed, where a draw from the prior says where it is
 * @property {ReturnType<typeof import("./messages.js").createMessages>} messages
 * @property {Decoded | null} [first] what was decoded of where it is
 * @property {() => void} onFirst its first image is on screen
 *
 * @param {Setting & {panels: Panel[], isAlone?: boolean, thumbnails?: import("./checkpoint/thumbnails.js").Thumbnails | null,
 *   onReady?: () => void}} options `isAlone`: all its memory is for this model; `thumbnails` of the same images, where they
 *   are open already; `onReady`: where the examples lie is known, if anything
 */
export function placeModel(options) {
  const { model, store, worker, assets, fromExample, messages, panels, onFirst, onReady } = options;
  const { entry, card } = model;
  const initial = store.get();
  const player = createPlayer(store, model);
  const gone = new AbortController();
  /** @type {import("./checkpoint/embedding.js").Embedding | null} */
  let embedding = null;
  /** @type {import("./store.js").Source | null} */
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
  /** @type {((latent: number, image: ImageData, codes: import("./model/model.js").Codes) => void)[]} */
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

  /** @param {import("./model/model.js").Codes[]} codes @param {number} columns */
  async function decodeSheet(codes, columns) {
    await start;
    return films ? films.sheet(codes, columns) : null;
  }

  /** @type {Stage} */
  const stage = {
    model,
    entry,
    card: /** @type {import("./checkpoint/checkpoint.js").ImagesCard} */ (card),
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
    current: createCurrent(),
    picture: { canvas: null, text: () => null, fit: () => {}, drawGrid: null },
    marking: createMarking(),
    decoded: createSignal(/** @type {Decoded | null} */ (null)),
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

  const { parts, missing } = layOut(panels, model, stage);
  for (const { panel, part } of parts) part.element.dataset.panel = panel.name;

  /** @returns {Current} */
  function createCurrent() {
    let now = shownLatents(model, initial)[0] ?? 0;
    /** @type {((latent: number, before: number) => void)[]} */
    const setListeners = [];
    /** @type {((latent: number) => void)[]} */
    const stepListeners = [];
    return {
      get: () => now,
      set(latent) {
        const before = now;
        now = latent;
        for (const listener of setListeners) listener(now, before);
      },
      onSet: (listener) => void setListeners.push(listener),
      step(by) {
        for (const listener of stepListeners) listener(by);
      },
      onStep: (listener) => void stepListeners.push(listener),
    };
  }

  /** @param {import("./store.js").State} state */
  function findSource({ example, own }) {
    if (own || example === null || !embedding) return setSource(own);
    if (isNoisy() || model.asksEncoder) return readSource({ example });
    const { mean, logVariance, latents } = embedding;
    const part = (/** @type {Float32Array | null} */ all) =>
      all?.subarray(example * latents, (example + 1) * latents) ?? null;
    const known = codesOf(example, model, embedding, thumbnails, store.get().codes);
    const mine = {
      title: titleOf(example),
      pixels: null,
      codes: known instanceof Promise || !known ? {} : known,
      mean: part(mean),
      logVariance: part(logVariance),
    };
    setSource(mine);
    thumbnails?.pixels(example).then(
      (pixels) => source === mine && setSource({ ...mine, pixels }),
      () => {},
    );
  }

  /** @param {number} example */
  function titleOf(example) {
    const label = embedding?.labels[example] ?? null;
    const word = embedding?.words?.[example];
    const name = word ? `“${word}”` : label === null ? null : called(label);
    return `${present(card.examples).split} ${word ? "word" : "image"} #${example}${name === null ? "" : ` (${name})`}`;
  }

  const reading = newestWins(
    async (/** @type {{example?: number, own?: import("./store.js").Source}} */ { example, own }) => {
      const pixels = own ? own.pixels : await present(thumbnails).pixels(present(example));
      const { codes, noise } = store.get();
      const posterior = await present(model.encoder).encode(pixels, codes);
      if (gone.signal.aborted) return;
      // Of a test image without noise the file says where it lies, at once.
      if (!own && (store.get().example !== example || store.get().noise !== noise)) return;
      const title = own?.title ?? titleOf(present(example));
      setSource({ ...own, title, pixels, ...posterior });
      if (!model.condition) return;
      // A link says what is seen of the image, and not its pixels.
      const { name } = model.condition;
      if (!store.get().codes[name].pixels)
        store.set({ codes: { ...store.get().codes, [name]: posterior.codes[name] } });
    },
    (error) => {
      if (gone.signal.aborted) return;
      console.error(error);
      warn(sentenceFor(error, "The image could not be encoded: reload the page to try again."), "source");
    },
  );

  /** Asks the encoder, as of now. @param {{example?: number, own?: import("./store.js").Source}} of */
  function readSource(of) {
    if (model.encoder && (of.own || thumbnails)) reading.request(of);
  }

  /** @param {import("./store.js").Source | null} next */
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

  /** @param {import("./store.js").State} state @param {import("./store.js").State | null} before @param {number} time */
  function show(state, before, time) {
    for (const { part } of parts) part.show?.(state, before, time);
    if (state.codes !== before?.codes || state.unfolded !== before?.unfolded)
      films?.request(state.codes, shownLatents(model, state));
    const name = model.condition?.name ?? "";
    const isSeenOtherwise = before && state.codes[name]?.seen !== before.codes[name]?.seen;
    if (state.example !== before?.example || state.own !== before?.own || state.noise !== before?.noise)
      findSource(state);
    else if (isSeenOtherwise && state.own) readSource({ own: state.own });
    else if (isSeenOtherwise && state.example !== null && embedding) readSource({ example: state.example });
  }

  /** @param {import("./store.js").State} state */
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
      films.request(store.get().codes, shownLatents(model, store.get()));
    }
    started();
    if (!card.examples) return onReady?.();
    try {
      embedding = await fetchEmbedding(model, gone.signal);
      for (const { part } of parts) part.fill?.(embedding);
      findSource(store.get());
      onReady?.();
      const { example, codes } = store.get();
      if (fromExample && example !== null && codes === initial.codes) commands.choose(example);
    } catch (error) {
      if (gone.signal.aborted) return;
      console.error(error);
      const otherwise = "The test examples could not be read: copy the checkpoint folder again.";
      for (const { part } of parts) part.refuse?.(sentenceFor(error, otherwise));
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

/**
 * Where one open checkpoint is worked with: the panels that fit it, around one place.
 *
 * @param {Omit<Setting, "store"> & {initial: import("./store.js").State,
 *   onCommit(state: import("./store.js").State): void, onPanel?(): void}} options `onPanel`: another tab is shown
 */
export function createStage(options) {
  const { model, initial, onCommit, onPanel = () => {} } = options;
  const store = createStore(initial, model.controls);
  const { stage, parts, missing, destroy } = placeModel({ ...options, store, panels: PANELS, isAlone: true });
  store.onCommit((state) => stage.gone.aborted || onCommit(state));

  const tabs = createTabs(
    parts.filter(({ panel }) => panel.place === "tabs"),
    initial,
    onPanel,
  );
  stage.openPanel = tabs.open;
  stage.shownPanel = tabs.shown;
  store.onChange((state, before) => tabs.follow(state, before));
  const { element, sticky } = createBench(model, { at: standing(parts), missing, tabs: tabs.element });
  stage.picture.fit = (width) => element.style.setProperty("--picture", `${width}px`);

  // What stays in sight while a tab is read ends where the window does, whatever its height.
  const sizes = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const column = /** @type {HTMLElement} */ (target);
      column.style.setProperty("--height", `${contentRect.height}px`);
    }
  });
  for (const one of sticky) sizes.observe(one);

  return {
    ...stage,
    element,
    destroy() {
      sizes.disconnect();
      destroy();
    },
  };
}
