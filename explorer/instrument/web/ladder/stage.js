import { createThumbnails } from "../checkpoint/thumbnails.js";
import { el, withCode } from "../dom.js";
import { layOut, notShown, standing } from "../panels/lay-out.js";
import { rounded } from "../spaces/continuous.js";
import { createCursor } from "../store.js";
import { trace } from "../trace.js";
import { PANELS } from "./panels.js";
import { createProjector } from "./projector.js";
import { go, hasTurned } from "./state.js";
import { finalOf } from "./table.js";

/** What undo puts back. */
const PLACE = ["recipe", "seed", "step", "image", "keep", "z"];

/**
 * What every panel of a table may use.
 *
 * @typedef {object} TableStage
 * @property {import("./table.js").Table} table
 * @property {import("../checkpoint/checkpoint.js").ImagesCard} card of the examples
 * @property {number} count of the examples that are offered: the first
 * @property {import("../checkpoint/thumbnails.js").Thumbnails} thumbnails
 * @property {import("../engine/pixels.js").Shape} shape of the images
 * @property {string[]} factors of the data
 * @property {number} latents of the model that has most
 * @property {number} largestKl of all trained models, in nats
 * @property {import("../store.js").Store<import("./state.js").State>} store
 * @property {ReturnType<typeof import("../page/messages.js").createMessages>} messages
 * @property {(change: Partial<import("./state.js").State>) => void} move to another model or image
 * @property {(latent: number, value: number, time: number) => void} moveLatent
 * @property {() => void} settle after a latent was moved
 * @property {(latent: number) => Promise<void>} reset to where the image has it
 *
 * A part of the page. `show` follows every move; the rest draws what has been decoded: `drawImage` C×H×W of z, `drawRows`
 * RGBA of the rows of some latents, top to bottom, `drawSibling` C×H×W of another seed, and `drawEnd` C×H×W and rows of
 * one of the two ends of the ladder. `setStale`: what is drawn belongs to another model.
 *
 * @typedef {{element: HTMLElement,
 *   show?(state: import("./state.js").State, before: import("./state.js").State | null): void,
 *   drawImage?(values: Float32Array): void, drawRows?(latents: number[], buffer: ArrayBuffer): void,
 *   drawSibling?(seed: number, values: Float32Array): void,
 *   drawEnd?(end: number, values: Float32Array, rows: ArrayBuffer): void, setStale?(stale: boolean): void, destroy?(): void}} TablePart
 *
 * @typedef {{name: string, place: "top" | "picture" | "middle" | "numbers" | "foot",
 *   fits(table: import("./table.js").Table): true | string, create(stage: TableStage): TablePart}} TablePanel
 */

/**
 * The models of a table on one cursor: one of them is on screen, with its seeds beside it.
 *
 * @param {{table: import("./table.js").Table, name: string, folder: URL, card: import("../checkpoint/checkpoint.js").ImagesCard,
 *   count: number, entry: import("../checkpoint/checkpoint.js").Entry, engine: Promise<any>, assets: string,
 *   initial: import("./state.js").State, chooseImage: boolean, messages: ReturnType<typeof import("../page/messages.js").createMessages>,
 *   onReady(): void, onCommit(state: import("./state.js").State): void}} options `folder` is the table's, `card` that of the
 *   examples in `entry`; the first `count` of them are offered. `chooseImage`: nobody has, so begin with one that β matters to
 */
export function createTableStage(options) {
  const { table, card, count, entry, initial, chooseImage, messages, onReady, onCommit } = options;
  const cursor = createCursor([{ initial, place: PLACE }]);
  const store = cursor.of(0);
  const finals = table.runs.map(finalOf);
  let isGone = false;
  const thumbnails = createThumbnails(entry, card, (sentence) => isGone || messages.warn(sentence));

  /** @type {TableStage} */
  const stage = {
    table,
    card,
    count,
    thumbnails,
    shape: card.output.shape,
    factors: (card.data?.factors ?? []).map(({ name }) => name),
    latents: Math.max(...finals.map(({ latents }) => latents.length)),
    largestKl: Math.max(...finals.flatMap(({ latents }) => latents.map(({ kl_nats }) => kl_nats))),
    store,
    messages,
    move(change) {
      const state = store.get();
      const next = go(table, state, change);
      if (!hasTurned(next, state)) return;
      store.set(next);
      store.commit();
    },
    moveLatent(latent, value, time) {
      const { z } = store.get();
      if (z) store.set({ z: z.map((old, at) => (at === latent ? rounded(value) : old)) }, time);
    },
    settle: store.commit,
    async reset(latent) {
      const mean = await projector.encoded();
      if (mean) stage.moveLatent(latent, mean[latent], performance.now());
      store.commit();
    },
  };
  const { parts: placed, missing } = layOut(PANELS, table, stage);
  const at = standing(placed);
  const parts = placed.map(({ part }) => part);
  const trouble = el("p", { class: "trouble", role: "alert", hidden: true });
  const element = el(
    "div",
    { class: "ladder" },
    ...at("top"),
    trouble,
    el(
      "div",
      { class: "ladder-main" },
      ...at("picture"),
      el("div", { class: "middle" }, ...at("middle")),
      el("div", { class: "numbers" }, ...at("numbers"), notShown("What this table cannot show", missing)),
      el("div", { class: "ladder-foot" }, ...at("foot")),
    ),
  );
  const projector = createProjector({
    ...options,
    thumbnails,
    state: store.get,
    parts,
    // It came late, and belongs to the move that asked for it.
    onCode: (z, since) => cursor.put(0, { z }, since),
    onShown(key) {
      trace("ladder:shown", { detail: { key } });
      onReady();
    },
    onTrouble(sentence) {
      trouble.hidden = sentence === null;
      trouble.replaceChildren(...withCode(sentence ?? ""));
    },
  });

  /** @param {import("./state.js").State} state @param {import("./state.js").State | null} before @param {number} time */
  function show(state, before, time) {
    for (const part of parts) part.show?.(state, before);
    if (hasTurned(state, before)) projector.refresh();
    else if (state.z !== before?.z) projector.paint(time);
  }

  async function begin() {
    if (chooseImage) cursor.put(0, { image: await projector.mostTelling() });
    if (isGone) return;
    store.onChange(show);
    store.onCommit(onCommit);
    show(store.get(), null, performance.now());
  }

  return {
    element,
    store,
    table,
    move: stage.move,
    /** Once the parts show the first model. */
    begun: begin(),
    destroy() {
      isGone = true;
      for (const part of parts) part.destroy?.();
      projector.destroy();
    },
  };
}
