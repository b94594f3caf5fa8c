import { createHistory } from "./history.js";

/**
 * @typedef {object} Source an image and its posterior
 * @property {string} title
 * @property {Float32Array | null} pixels C×H×W in [0, 1]; nothing while they are on their way
 * @property {ArrayLike<number>} mean D
 * @property {ArrayLike<number>} logVariance D
 * @property {import("./image/drawing.js").Stroke[]} [strokes] what it was drawn with, where it is a drawing
 *
 * @typedef {object} State what a person sees and a link holds
 * @property {number[]} z
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

const DECIMALS = 1000;

/** So that a link, which spells z with three decimals, holds exactly the z on screen. @param {number} value */
export const rounded = (value) => Math.round(value * DECIMALS) / DECIMALS + 0;

/** @param {number[] | null} a @param {number[] | null} b */
const isSame = (a, b) => a === b || (a !== null && b !== null && a.every((value, latent) => value === b[latent]));

/**
 * `set` is for every move, `commit` for the end of one: links, Python and undo hear only of commits.
 *
 * @param {State} initial
 * @returns {Store}
 */
export function createStore(initial) {
  let state = initial;
  /** @type {Listener[]} */
  const changeListeners = [];
  /** @type {((state: State) => void)[]} */
  const commitListeners = [];
  // A lock is a step of its own, so that undo never moves a latent while it is locked.
  const place = () => {
    const { z, example, own, locked, pins, directions } = state;
    return { z, example, own, locked, pins, directions };
  };
  const history = createHistory(
    place(),
    (a, b) =>
      a.example === b.example &&
      a.own === b.own &&
      a.locked === b.locked &&
      a.directions === b.directions &&
      isSame(a.z, b.z) &&
      /** @type {const} */ (["a", "b", "c"]).every((name) => isSame(a.pins[name], b.pins[name])),
  );

  /** @param {Partial<State>} change */
  function set(change, time = performance.now()) {
    const before = state;
    state = { ...state, ...change };
    if (change.z) state.z = change.z.map(rounded);
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
