import { createActions } from "./actions.js";
import { fetchExamples } from "./checkpoint.js";
import { createCommands } from "./commands.js";
import { el } from "./dom.js";
import { sentenceFor } from "./errors.js";
import { createExamples } from "./examples.js";
import { drawGrid } from "./export-png.js";
import { createPicture } from "./picture.js";
import { createPlayer } from "./player.js";
import { createRack } from "./rack.js";
import { createReadout } from "./readout.js";
import { createRows } from "./rows.js";
import { createStore } from "./store.js";
import { createTraversals } from "./traversals.js";

/** The browser drops no entry of its performance timeline by itself. */
const KEPT_MARKS = 1000;

/**
 * The working place of one open checkpoint: sliders, picture, traversals and test images around one z.
 *
 * @param {{entry: import("./checkpoint.js").Entry, card: import("./checkpoint.js").Card, bytes: Uint8Array,
 *   decoder: import("./session.js").Decoder, assets: string, initial: import("./store.js").State, fromExample: boolean,
 *   messages: ReturnType<typeof import("./messages.js").createMessages>, onFirst(): void,
 *   onCommit(state: import("./store.js").State): void}} options `fromExample`: nothing but the test image says where z is
 */
export function createBench(options) {
  const { entry, card, bytes, decoder, assets, initial, fromExample, messages, onFirst, onCommit } = options;
  const store = createStore(initial);
  const player = createPlayer(store);
  const gone = new AbortController();
  const { shape } = card.image;
  const latents = card.controls.latents;
  /** @type {import("./checkpoint.js").Examples | null} */
  let examples = null;
  /** @type {ReturnType<typeof createRows> | null} */
  let rows = null;
  let chosen = 0;
  let grids = 0;
  let warned = false;

  const commands = createCommands({ store, player, examples: () => examples, messages });
  const rack = createRack({ card, commands });
  const traversals = createTraversals({ card, commands });
  const gallery = createExamples({ card, commands });
  const readout = createReadout({ card, commands });
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

  // A row must keep its images under the track and the cells: one that is too high is pressed together, not narrowed.
  const ratio = shape[2] / shape[1];
  const element = el(
    "div",
    { class: "bench", style: `--ratio: ${ratio}; --fit: ${ratio > 1 ? "contain" : "fill"}` },
    rack.element,
    el(
      "section",
      { class: "hero", "aria-label": "Decoded image" },
      el("div", { class: "stage" }, picture.element, actions.element),
      readout.element,
    ),
    el("div", { class: "side" }, traversals.element, gallery.element),
  );

  /** They are drawn black, which would pass for an image. */
  function noNumbers() {
    if (warned || gone.signal.aborted) return;
    warned = true;
    messages.warn(
      `${entry.id}/decoder.onnx gives values that are no numbers away from z = 0: train it again, then export it.`,
    );
  }

  function choose(latent) {
    rack.sliders.get(chosen)?.element.classList.remove("chosen");
    chosen = latent;
    actions.setCurrent(latent);
    rack.sliders.get(chosen)?.element.classList.add("chosen");
  }

  function drawPosterior({ example }) {
    for (const [latent, slider] of rack.sliders) {
      if (example === null || !examples) slider.setPosterior(null);
      else {
        const at = example * latents + latent;
        slider.setPosterior(examples.mean[at], Math.exp(examples.logVariance[at] / 2));
      }
    }
    readout.setExample(example, examples);
    gallery.mark(examples ? example : null);
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
    if (state.z !== before?.z) readout.measure(state.z);
    if (state.example !== before?.example) drawPosterior(state);
  }

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
        if (++grids % KEPT_MARKS === 0) performance.clearMarks("instrument:grid");
        performance.mark("instrument:grid", { detail: { z } });
      },
      onNoNumbers: noNumbers,
      onFailure: messages.warn,
    });
    rows.request(store.get().z, rack.visible(store.get()));
    try {
      examples = await fetchExamples(entry, card, gone.signal);
      gallery.fill(examples);
      drawPosterior(store.get());
      const { example, z } = store.get();
      if (fromExample && example !== null && z === initial.z) commands.choose(example);
    } catch (error) {
      if (gone.signal.aborted) return;
      const otherwise = "The test images could not be read: copy the checkpoint folder again.";
      gallery.refuse(sentenceFor(error, otherwise));
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
    element,
    store,
    commands,
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
      player.cancel();
      rows?.destroy();
      picture.destroy();
      decoder.release();
    },
  };
}
