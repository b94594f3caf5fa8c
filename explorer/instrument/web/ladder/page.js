import { createThumbnails } from "../checkpoint/thumbnails.js";
import { el, withCode } from "../dom.js";
import { rounded } from "../spaces/continuous.js";
import { trace } from "../trace.js";
import { createDial } from "./dial.js";
import { createImage } from "./image.js";
import { createProjector } from "./projector.js";
import { createRows } from "./rows.js";
import { createScores } from "./scores.js";
import { createSiblings } from "./siblings.js";
import { go, placeOf } from "./state.js";
import { finalOf } from "./table.js";
import { createTrade } from "./trade.js";
import { missingWords } from "./words.js";

/** Of the state, what asks for another model or another z. */
const TURNING = /** @type {const} */ (["recipe", "seed", "step", "image", "keep"]);

/**
 * The page of one table: panels around one state.
 *
 * @param {{table: import("./table.js").Table, name: string, folder: URL, card: import("../checkpoint/checkpoint.js").ImagesCard, count: number,
 *   entry: import("../checkpoint/checkpoint.js").Entry, assets: string, initial: import("./state.js").State,
 *   messages: ReturnType<typeof import("../messages.js").createMessages>, onReady(): void,
 *   onState(state: import("./state.js").State): void}} options `folder` is the table's, `card` that of the
 *   examples; the first `count` of them are offered
 */
export function createPage({ table, name, folder, card, count, entry, assets, initial, messages, onReady, onState }) {
  const { shape } = card.output;
  const factors = (card.data?.factors ?? []).map(({ name }) => name);
  const finals = table.runs.map(finalOf);
  const kls = finals.flatMap(({ latents }) => latents.map(({ kl_nats }) => kl_nats));
  let state = initial;
  let isGone = false;

  const thumbnails = createThumbnails(entry, card, (sentence) => isGone || messages.warn(sentence));
  const visit = (/** @type {string} */ recipe, /** @type {number} */ seed) => move({ recipe, seed });
  const dial = createDial({ table, onMove: move, messages });
  const image = createImage({ card, count, thumbnails, onMove: move });
  const trade = createTrade({ table, onGo: visit });
  const scores = createScores({ table, onGo: visit });
  const siblings = createSiblings({ table, factors, shape, onChoose: (seed) => move({ seed }) });
  const rows = createRows({
    latents: Math.max(...finals.map(({ latents }) => latents.length)),
    factors,
    shape,
    largestKl: Math.max(...kls),
    onMove: moveLatent,
    onSettle: () => onState(state),
    async onReset(latent) {
      const mean = await projector.encoded();
      if (mean) moveLatent(latent, mean[latent], performance.now());
      onState(state);
    },
  });
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
  const projector = createProjector({
    table,
    name,
    folder,
    assets,
    shape,
    thumbnails,
    image,
    rows,
    siblings,
    get: () => state,
    onCode(z) {
      state = { ...state, z };
      onState(state);
    },
    onShown(key) {
      trace("ladder:shown", { detail: { key } });
      onReady();
    },
    onTrouble(sentence) {
      trouble.hidden = sentence === null;
      trouble.replaceChildren(...withCode(sentence ?? ""));
    },
  });

  /** @param {number} latent @param {number} value @param {number} time */
  function moveLatent(latent, value, time) {
    if (!state.z) return;
    const z = [...state.z];
    z[latent] = rounded(value);
    state = { ...state, z };
    projector.paint(time);
  }

  /** @param {Partial<import("./state.js").State>} change */
  function move(change) {
    const before = state;
    state = go(table, state, change);
    if (TURNING.every((name) => state[name] === before[name])) return;
    show();
    projector.refresh();
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

  thumbnails.onLoad(() => image.drawOriginal());
  show();
  projector.refresh();

  return {
    element,
    destroy() {
      isGone = true;
      dial.stop();
      projector.destroy();
    },
  };
}
