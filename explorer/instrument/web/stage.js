import { createTabs } from "./page/tabs.js";
import { PANELS } from "./panels/index.js";
import { standing } from "./panels/lay-out.js";
import { createBench } from "./stage/bench.js";
import { placeModel } from "./stage/place-model.js";
import { createStore } from "./store.js";

/**
 * What every panel may use.
 *
 * @typedef {object} Stage
 * @property {import("./model/model.js").Model} model
 * @property {import("./checkpoint/checkpoint.js").Entry} entry
 * @property {import("./checkpoint/checkpoint.js").ImagesCard} card of the model; that it makes images and has examples
 *   holds for a panel that asked for them in `fits`
 * @property {import("./stage/commands.js").Commands} commands
 * @property {import("./store.js").Store} store
 * @property {import("./latents/player.js").Player} player
 * @property {ReturnType<typeof import("./page/messages.js").createMessages>} messages
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
 * @property {import("./stage/signal.js").Signal<Decoded | null>} decoded what the decoder made last on this thread
 * @property {import("./stage/signal.js").Signal<number[][]>} draws codes drawn from the posterior of the source
 * @property {import("./stage/signal.js").Signal<string | null>} unlike in what the source is unlike the examples, if in anything
 * @property {() => void} warnNotFinite says once that the decoder gives NaN or infinity: these are drawn black,
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
 * @property {ReturnType<typeof import("./page/messages.js").createMessages>} messages
 * @property {Decoded | null} [first] what was decoded of where it is
 * @property {() => void} onFirst its first image is on screen
 */

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
