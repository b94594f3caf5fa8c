import { createActions } from "./actions.js";
import { fetchEmbedding } from "./checkpoint/embedding.js";
import { createThumbnails } from "./checkpoint/thumbnails.js";
import { createCommands } from "./commands.js";
import { el } from "./dom.js";
import { createRows } from "./engine/rows.js";
import { sentenceFor } from "./errors.js";
import { drawGrid } from "./export/png.js";
import { createBring } from "./image/bring.js";
import { createSource } from "./image/source.js";
import { createDirections } from "./latents/directions.js";
import { createPlayer } from "./latents/player.js";
import { createRack } from "./latents/rack.js";
import { createTraversals } from "./latents/traversals.js";
import { createMap } from "./map/map.js";
import { createWhereabouts } from "./map/whereabouts.js";
import { createPath } from "./path/path.js";
import { createPicture } from "./picture.js";
import { createStore } from "./store.js";
import { trace } from "./trace.js";

/** From which width on the map stands beside the picture, and from which it has a column of its own, as in the style. */
const [LEAST_BESIDE, LEAST_OWN] = [880, 1160];

/**
 * What every part of the bench may use.
 *
 * @typedef {object} Bench
 * @property {import("./checkpoint/checkpoint.js").Entry} entry
 * @property {import("./checkpoint/checkpoint.js").Card} card
 * @property {import("./commands.js").Commands} commands
 * @property {import("./store.js").Store} store
 * @property {ReturnType<typeof import("./messages.js").createMessages>} messages
 * @property {string} assets absolute URL of this folder, with trailing slash
 * @property {import("./engine/session.js").Decoder} decoder on this thread, for what must be there in the same frame
 * @property {(codes: ArrayLike<number>[], columns: number) => Promise<ImageData | null>} decodeSheet in the worker
 * @property {() => import("./checkpoint/embedding.js").Embedding | null} embedding once it has arrived
 * @property {() => import("./checkpoint/thumbnails.js").Thumbnails} thumbnails
 * @property {() => import("./store.js").Source | null} source whose posterior is drawn
 * @property {(tab: "test" | "draw" | "upload") => void} bring opens where an image comes from
 * @property {Fact[]} directions what was measured of the directions made here
 * @property {(() => void) | undefined} onDirections goes where directions are made, if there is such a place
 * @property {AbortSignal} gone once the checkpoint is closed
 *
 * @typedef {{model: string, name: string, vector: number[], coherence: number, random_mean: number, random_low: number,
 *   random_high: number, groups: string, how: string}} Fact
 *
 * A part of the bench. `show` follows every move, `fill` comes once the codes of the test images are here, `refuse` where
 * they cannot be, and `setSource` when another image's posterior is drawn.
 *
 * @typedef {{element: HTMLElement,
 *   show?(state: import("./store.js").State, before: import("./store.js").State | null, time: number): void,
 *   fill?(embedding: import("./checkpoint/embedding.js").Embedding): void, refuse?(sentence: string): void,
 *   setSource?(source: import("./store.js").Source | null): void, destroy?(): void}} Part
 */

/**
 * The working place of one open checkpoint: sliders, picture, map, traversals and test images around one z.
 *
 * @param {{entry: import("./checkpoint/checkpoint.js").Entry, card: import("./checkpoint/checkpoint.js").Card, bytes: Uint8Array,
 *   decoder: import("./engine/session.js").Decoder, assets: string, initial: import("./store.js").State, fromExample: boolean,
 *   directions: Fact[], onDirections?: () => void, messages: ReturnType<typeof import("./messages.js").createMessages>,
 *   onFirst(): void, onCommit(state: import("./store.js").State): void}} options `fromExample`: nothing but the test image says where z is
 */
export function createBench(options) {
  const { entry, card, bytes, decoder, assets, initial, fromExample, messages, onFirst, onCommit } = options;
  const store = createStore(initial);
  const player = createPlayer(store);
  const gone = new AbortController();
  const { shape } = card.output;
  const latents = card.space.size;
  /** @type {import("./checkpoint/embedding.js").Embedding | null} */
  let embedding = null;
  /** @type {import("./store.js").Source | null} */
  let source = null;
  /** @type {ReturnType<typeof createRows> | null} */
  let rows = null;
  let started = () => {};
  const start = /** @type {Promise<void>} */ (new Promise((resolve) => (started = resolve)));
  const thumbnails = createThumbnails(entry, card, (sentence) => gone.signal.aborted || messages.warn(sentence));
  let chosen = 0;
  let warned = false;

  const commands = createCommands({
    store,
    player,
    embedding: () => embedding,
    source: () => source,
    messages,
  });
  /** @type {Bench} */
  const bench = {
    entry,
    card,
    commands,
    store,
    messages,
    assets,
    decoder,
    async decodeSheet(codes, columns) {
      await start;
      return rows ? rows.sheet(codes, columns) : null;
    },
    embedding: () => embedding,
    thumbnails: () => thumbnails,
    source: () => source,
    bring: (tab) => bring.open(tab),
    directions: options.directions,
    onDirections: options.onDirections,
    gone: gone.signal,
  };
  const rack = createRack({ card, commands });
  const traversals = createTraversals({ card, commands });
  const directions = createDirections(bench);
  const map = createMap(bench);
  const whereabouts = createWhereabouts(bench);
  const sourced = createSource(bench);
  const bring = createBring(bench);
  const path = createPath(bench);
  /** @type {Part[]} */
  const parts = [directions, map, whereabouts, sourced, bring, path];
  const current = () => rack.focused() ?? chosen;
  const actions = createActions({ commands, store });
  const picture = createPicture({
    decoder,
    shape,
    latents,
    title: card.title,
    onFirst: first,
    onFit: (width) => element.style.setProperty("--picture", `${width}px`),
    onNoNumbers: noNumbers,
    onFailure(error) {
      if (gone.signal.aborted) return;
      messages.warn(sentenceFor(error, "The image could not be decoded: reload the page to try again."));
    },
  });

  const controls = el("div", { class: "controls" }, rack.element, directions.element);
  const hero = el(
    "section",
    { class: "hero", "aria-label": "Decoded image" },
    el("div", { class: "stage" }, picture.element, actions.element),
    sourced.element,
  );
  const chart = el("div", { class: "chart" }, map.element, whereabouts.element);
  const side = el("div", { class: "side" }, chart, traversals.element, path.element, bring.element);
  // A row must keep its images under the track and the cells: one that is too high is pressed together, not narrowed.
  const ratio = shape[2] / shape[1];
  const element = el(
    "div",
    { class: "bench", style: `--ratio: ${ratio}; --fit: ${ratio > 1 ? "contain" : "fill"}` },
    controls,
    hero,
    side,
  );

  const sizes = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      if (target === controls) element.style.setProperty("--controls-height", `${contentRect.height}px`);
      else arrange(contentRect.width);
    }
  });
  sizes.observe(controls);
  sizes.observe(element);

  /** Where there is room for two columns and a half, the map stays beside the picture. @param {number} width */
  function arrange(width) {
    const beside = width >= LEAST_BESIDE && width < LEAST_OWN;
    if (beside === (chart.parentElement === hero)) return;
    hero.classList.toggle("with-chart", beside);
    if (beside) hero.append(chart);
    else side.prepend(chart);
  }

  /** They are drawn black, which would pass for an image. */
  function noNumbers() {
    if (warned || gone.signal.aborted) return;
    warned = true;
    messages.warn(`${entry.id}/decoder.onnx returns NaN or infinity away from z = 0: train it again, then export it.`);
  }

  /** @param {number} latent */
  function choose(latent) {
    rack.sliders.get(chosen)?.element.classList.remove("chosen");
    chosen = latent;
    actions.setCurrent(latent);
    rack.sliders.get(chosen)?.element.classList.add("chosen");
  }

  /** @param {import("./store.js").State} state */
  function findSource({ example, own }) {
    if (own || example === null || !embedding) return setSource(own);
    const from = example * latents;
    const label = embedding.labels[example];
    const mine = {
      title: `${card.examples.split} image ${example}${label === null ? "" : ` · ${label}`}`,
      pixels: null,
      mean: embedding.mean.subarray(from, from + latents),
      logVariance: embedding.logVariance.subarray(from, from + latents),
    };
    setSource(mine);
    thumbnails.pixels(example).then(
      (pixels) => source === mine && setSource({ ...mine, pixels }),
      () => {},
    );
  }

  /** @param {import("./store.js").Source | null} next */
  function setSource(next) {
    source = next;
    for (const [latent, slider] of rack.sliders) {
      if (!source) slider.setPosterior(null);
      else slider.setPosterior(source.mean[latent], Math.exp(source.logVariance[latent] / 2));
    }
    for (const part of parts) part.setSource?.(source);
    const posterior = source && {
      mean: Array.from(source.mean),
      std: Array.from(source.logVariance, (value) => Math.exp(value / 2)),
    };
    trace("instrument:posterior", { detail: posterior });
  }

  /** @param {import("./store.js").State} state @param {import("./store.js").State | null} before @param {number} time */
  function show(state, before, time) {
    if (state.z !== before?.z) {
      picture.show(state.z, time);
      rows?.request(state.z, rack.visible(state));
    }
    rack.show(state, before);
    actions.show(state, before);
    if (state.unfolded !== before?.unfolded) {
      traversals.arrange(rack.visible(state));
      traversals.frame(state.z, undefined);
      rows?.request(state.z, rack.visible(state));
    } else {
      traversals.frame(state.z, before?.z);
    }
    if (state.example !== before?.example || state.own !== before?.own) findSource(state);
    for (const part of parts) part.show?.(state, before, time);
  }

  /** @param {import("./store.js").State} state */
  function settled(state) {
    // A key or a pointer may be let go of after its model was taken down: what comes next is not where that one was.
    if (gone.signal.aborted) return;
    picture.describe(state.z);
    actions.refresh();
    onCommit(state);
  }

  /** What is not needed for the first image begins only once it is on screen. */
  function first() {
    requestAnimationFrame(() => setTimeout(() => !gone.signal.aborted && follow()));
  }

  async function follow() {
    onFirst();
    rows = createRows({
      assets,
      bytes,
      expected: { name: entry.id, latents, shape },
      onRow(latent, image) {
        rack.sliders.get(latent)?.draw(image);
        traversals.draw(latent, image);
      },
      onDone(z) {
        trace("instrument:grid", { detail: { z } });
      },
      onNoNumbers: noNumbers,
      onFailure: messages.warn,
    });
    started();
    rows.request(store.get().z, rack.visible(store.get()));
    try {
      embedding = await fetchEmbedding(entry, card, gone.signal);
      for (const part of parts) part.fill?.(embedding);
      findSource(store.get());
      thumbnails.preload();
      const { example, z } = store.get();
      if (fromExample && example !== null && z === initial.z) commands.choose(example);
    } catch (error) {
      if (gone.signal.aborted) return;
      console.error(error);
      const otherwise = "The test images could not be read: copy the checkpoint folder again.";
      for (const part of parts) part.refuse?.(sentenceFor(error, otherwise));
    }
  }

  store.onChange(show);
  store.onCommit(settled);
  rack.element.addEventListener("focusin", () => choose(rack.focused() ?? chosen));
  show(initial, null, performance.now());
  choose(rack.visible(initial)[0] ?? 0);
  picture.describe(initial.z);
  actions.refresh();

  return {
    ...bench,
    element,
    picture,
    current,
    /** @returns {Promise<HTMLCanvasElement | null>} the traversals as a picture; nothing where they cannot be decoded */
    async drawGrid() {
      // A latent that plays never settles: it is held still for its picture.
      player.stop();
      const z = (await rows?.settled()) ?? null;
      return z && drawGrid(traversals.pictures(), card, z);
    },
    /** @param {number} by chooses the latent so many places further down */
    step(by) {
      const list = rack.visible(store.get());
      const focused = rack.focused();
      const next = focused === null ? chosen : list[list.indexOf(focused) + by];
      rack.sliders.get(next)?.focus();
    },
    destroy() {
      gone.abort();
      sizes.disconnect();
      player.cancel();
      started();
      rows?.destroy();
      for (const part of parts) part.destroy?.();
      picture.destroy();
      decoder.release();
    },
  };
}
