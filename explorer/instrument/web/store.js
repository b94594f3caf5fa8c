import { createHistory } from "./history.js";

/**
 * @typedef {object} Source an image and its posterior
 * @property {string} title
 * @property {Float32Array | null} pixels C×H×W in [0, 1]; nothing while they are on their way
 * @property {Record<string, any>} codes where it puts the controls
 * @property {ArrayLike<number> | null} mean D, of the posterior of the continuous control or what the encoder puts it to
 * @property {ArrayLike<number> | null} logVariance D, where the encoder gives a posterior
 * @property {import("./image/drawing.js").Stroke[]} [strokes] what it was drawn with, where it is a drawing
 *
 * @typedef {object} State what a person sees and a link holds
 * @property {Record<string, any>} codes the value of each control, by its name
 * @property {number | null} example the test image whose posterior is drawn
 * @property {Source | null} own the person's own image whose posterior is drawn instead; not in the link
 * @property {number[]} locked latents that nothing may move
 * @property {number} temperature of sampling
 * @property {boolean} unfolded inactive latents are shown
 * @property {number | "path" | null} playing what moves by itself: a latent, or z on its path; not in the link
 * @property {string} axes of the map: "umap", "pca", two latents such as "z3,z7", or "" for what suits the model
 * @property {string} colour of the map's points: "label", "error", a latent such as "z3", or "factor:shape"
 * @property {{a: number[] | null, b: number[] | null, c: number[] | null}} pins
 * @property {boolean} slerp the path between the pins is spherical
 * @property {{name: string, vector: number[]}[]} directions named ones, of unit length
 *
 * @typedef {(state: State, before: State, time: number) => void} Listener
 * @typedef {{get(): State, set(change: Partial<State>, time?: number): void, commit(): void, undo(): boolean,
 *   redo(): boolean, canUndo(): boolean, canRedo(): boolean, onChange(listener: Listener): void,
 *   onCommit(listener: (state: State) => void): void}} Store
 */

/** @param {number[] | null} a @param {number[] | null} b */
const isSame = (a, b) => a === b || (a !== null && b !== null && a.every((value, latent) => value === b[latent]));

/**
 * `set` is for every move, `commit` for the end of one: links, Python and undo hear only of commits.
 *
 * @param {State} initial
 * @param {import("./model/model.js").Control[]} controls that have a value
 * @returns {Store}
 */
export function createStore(initial, controls) {
  let state = initial;
  /** @type {Listener[]} */
  const changeListeners = [];
  /** @type {((state: State) => void)[]} */
  const commitListeners = [];
  // A lock is a step of its own, so that undo never moves a latent while it is locked.
  const place = () => {
    const { codes, example, own, locked, pins, directions } = state;
    return { codes, example, own, locked, pins, directions };
  };
  const history = createHistory(
    place(),
    (a, b) =>
      a.example === b.example &&
      a.own === b.own &&
      a.locked === b.locked &&
      a.directions === b.directions &&
      controls.every(({ name, space }) => space.same(a.codes[name], b.codes[name])) &&
      /** @type {const} */ (["a", "b", "c"]).every((name) => isSame(a.pins[name], b.pins[name])),
  );

  /**
   * So that a link holds exactly what is on screen. What has not moved stays the value that it was.
   *
   * @param {State["codes"]} codes @param {State["codes"]} before
   */
  function keep(codes, before) {
    const kept = { ...codes };
    for (const { name, space } of controls) {
      if (codes[name] !== before[name]) kept[name] = space.kept?.(codes[name]) ?? codes[name];
    }
    return kept;
  }

  /** @param {Partial<State>} change */
  function set(change, time = performance.now()) {
    const before = state;
    state = { ...state, ...change };
    if (change.codes) state.codes = keep(change.codes, before.codes);
    for (const listener of changeListeners) listener(state, before, time);
  }

  function tell() {
    for (const listener of commitListeners) listener(state);
  }

  /** @param {ReturnType<typeof place> | null} found */
  function walk(found) {
    if (!found) return false;
    set({ ...found, playing: null });
    tell();
    return true;
  }

  return {
    get: () => state,
    set,
    commit() {
      history.push(place());
      tell();
    },
    undo: () => walk(history.undo()),
    redo: () => walk(history.redo()),
    canUndo: history.canUndo,
    canRedo: history.canRedo,
    onChange: (listener) => void changeListeners.push(listener),
    onCommit: (listener) => void commitListeners.push(listener),
  };
}
