import { NO_NOISE } from "./engine/corruption.js";
import { createHistory } from "./stage/history.js";

/**
 * @typedef {object} Source an image and its posterior
 * @property {string} title
 * @property {Float32Array | null} pixels C×H×W in [0, 1]; nothing while they are on their way
 * @property {Record<string, any>} codes where it puts the controls
 * @property {ArrayLike<number> | null} mean D, of the posterior of the continuous control or what the encoder puts it to
 * @property {ArrayLike<number> | null} logVariance D, where the encoder gives a posterior
 * @property {Record<string, Float32Array>} [logits] how likely the encoder finds each label, where it says so
 * @property {import("./image/drawing.js").Stroke[]} [strokes] what it was drawn with, where it is a drawing
 *
 * @typedef {object} State what a person sees and a link holds
 * @property {Record<string, any>} codes the value of each control, by its name
 * @property {number | null} example the test image whose posterior is drawn
 * @property {Source | null} own the person's own image whose posterior is drawn instead; not in the link
 * @property {number[]} locked latents that nothing may move
 * @property {number} temperature of sampling
 * @property {import("./model/writing.js").Way} writing how the letters of a word are chosen
 * @property {number} seed of the letters that are drawn
 * @property {boolean} unfolded inactive latents are shown
 * @property {number | "path" | null} playing what moves by itself: a latent, or z on its path; not in the link
 * @property {string} axes of the map: "umap", "pca", two latents such as "z3,z7", or "" for what suits the model
 * @property {string} colour of the map's points: "label", "error", a latent such as "z3", or "factor:shape"
 * @property {{a: number[] | null, b: number[] | null, c: number[] | null}} pins
 * @property {boolean} slerp the path between the pins is spherical
 * @property {{name: string, vector: number[]}[]} directions named ones, of unit length
 * @property {import("./engine/corruption.js").Noise} noise on every image before it is encoded
 */

/**
 * @template [S=State]
 * @typedef {{get(): S, set(change: Partial<S>, time?: number): void, commit(): void, undo(): boolean,
 *   redo(): boolean, canUndo(): boolean, canRedo(): boolean,
 *   onChange(listener: (state: S, before: S, time: number) => void): void,
 *   onCommit(listener: (state: S) => void): void}} Store
 */

/**
 * @param {Pick<import("./model/model.js").Model, "card" | "start">} model
 * @param {Partial<State>} linked what a link says of it
 * @returns {State} with which it opens
 */
export const startOf = ({ card: { latents }, start }, linked) => ({
  example: null,
  own: null,
  locked: [],
  temperature: 1,
  writing: "greedy",
  seed: 1,
  unfolded: latents.length > 0 && !latents.some(({ active }) => active),
  playing: null,
  axes: "",
  colour: "label",
  pins: { a: null, b: null, c: null },
  slerp: false,
  directions: [],
  noise: NO_NOISE,
  ...linked,
  codes: { ...start, ...linked.codes },
});

/**
 * @param {State} now
 * @param {State} next
 * @returns {Partial<State>} what is not the same, and nothing else: what is drawn follows what is new
 */
export function changed(now, next) {
  const fields = Object.entries(next).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(/** @type {any} */ (now)[name]),
  );
  return Object.fromEntries(fields);
}

/** @param {number[] | null} a @param {number[] | null} b */
const isSame = (a, b) => a === b || (a !== null && b !== null && a.every((value, latent) => value === b[latent]));

/** What undo and redo bring back. A lock is a step of its own, so that undo never moves a latent while it is locked. */
const PLACE = ["codes", "example", "own", "locked", "pins", "directions", "noise", "writing", "seed"];

/**
 * @param {State} initial
 * @param {import("./model/model.js").Control[]} controls that have a value
 * @returns {Store}
 */
export const createStore = (initial, controls) => createCursor([{ initial, controls }]).of(0);

/**
 * Where one model or several are, and the way they came: each has a store of its own, and one history is behind them all.
 * `set` is for every move, `commit` for the end of one: links, Python and undo see only commits.
 *
 * @template {Record<string, any>} S
 * @param {{initial: S, controls?: import("./model/model.js").Control[], place?: string[]}[]} models `controls` have their
 *   values in the state's `codes`; `place` is what undo and redo bring back
 * @param {(from: number, change: Partial<S>, states: S[]) => [number, Partial<S>][]} [follow] how others go
 *   along when the model `from` has changed
 * @returns {{of(model: number): Store<S>, put(model: number, change: Partial<S>, time?: number): void}} `put` moves one that no other
 *   follows, for what came late and belongs to the last move
 */
export function createCursor(models, follow = () => []) {
  let states = models.map(({ initial }) => initial);
  /** @type {((state: S, before: S, time: number) => void)[][]} */
  const changeListeners = models.map(() => []);
  /** @type {((state: S) => void)[][]} */
  const commitListeners = models.map(() => []);
  const controlsOf = (/** @type {number} */ model) => models[model].controls ?? [];
  const places = () =>
    states.map((state, at) => Object.fromEntries((models[at].place ?? PLACE).map((name) => [name, state[name]])));
  const history = createHistory(places(), (a, b) => a.every((place, model) => isSamePlace(place, b[model], model)));

  /** @typedef {ReturnType<typeof places>[number]} Place */

  /** @param {Place} a @param {Place} b @param {number} model @returns {boolean} codes and pins by their values, the rest by identity */
  function isSamePlace(a, b, model) {
    return Object.keys(a).every((key) => {
      if (key === "codes") return controlsOf(model).every(({ name, space }) => space.same(a[key][name], b[key][name]));
      if (key === "pins") return ["a", "b", "c"].every((name) => isSame(a[key][name], b[key][name]));
      return a[key] === b[key];
    });
  }

  /** @param {number} model @param {Partial<S>} change */
  function change(model, change) {
    const before = states[model];
    const codes = change.codes && { codes: keep(model, change.codes, before.codes) };
    const state = { ...before, ...change, ...codes };
    states = states.map((other, at) => (at === model ? state : other));
  }

  /**
   * So that a link holds exactly what is on screen. What has not moved stays the value that it was.
   *
   * @param {number} model @param {Record<string, any>} codes @param {Record<string, any>} before
   */
  function keep(model, codes, before) {
    const kept = { ...codes };
    for (const { name, space } of controlsOf(model)) {
      if (codes[name] !== before[name]) kept[name] = space.kept?.(codes[name]) ?? codes[name];
    }
    return kept;
  }

  /** @param {S[]} before @param {number} time */
  function tellChange(before, time) {
    changeListeners.forEach((listeners, model) => {
      if (states[model] !== before[model])
        for (const listener of listeners) listener(states[model], before[model], time);
    });
  }

  function tellCommit() {
    commitListeners.forEach((listeners, model) => {
      for (const listener of listeners) listener(states[model]);
    });
  }

  /** @param {Place[] | null} found */
  function walk(found) {
    if (!found) return false;
    const before = states;
    found.forEach((place, model) => {
      change(model, /** @type {any} */ ({ ...place, playing: null }));
    });
    tellChange(before, performance.now());
    tellCommit();
    return true;
  }

  /** @param {number} model @returns {Store<S>} */
  const of = (model) => ({
    get: () => states[model],
    set(next, time = performance.now()) {
      const before = states;
      change(model, next);
      for (const [other, also] of follow(model, next, states)) change(other, also);
      tellChange(before, time);
    },
    commit() {
      history.push(places());
      tellCommit();
    },
    undo: () => walk(history.undo()),
    redo: () => walk(history.redo()),
    canUndo: history.canUndo,
    canRedo: history.canRedo,
    onChange: (listener) => void changeListeners[model].push(listener),
    onCommit: (listener) => void commitListeners[model].push(listener),
  });

  return {
    of,
    put(model, next, time = performance.now()) {
      const before = states;
      change(model, next);
      tellChange(before, time);
      history.amend(places());
      tellCommit();
    },
  };
}
