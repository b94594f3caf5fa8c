import { clamp } from "../clamp.js";

/**
 * @typedef {{from: number, steps: number[], zAt(value: number): number[]}} Course a value that goes from the first of
 *   `steps` to the last and back, where it begins, and the z that belongs to it
 * @typedef {{toggle(what: number | "path", course?: Course): void, stop(): void, cancel(): void}} Player
 */

const PERIOD_MS = 6000;
const PAUSE_MS = 1000;

/**
 * Moves one latent, or z along a path, from end to end and back until it is stopped: smoothly, or where a person asked
 * their system for less motion, from one step to the next with a rest on each.
 *
 * @param {import("../store.js").Store} store
 * @param {import("../model/model.js").Model} model
 * @returns {Player}
 */
export function createPlayer(store, model) {
  let frame = 0;

  /** @param {Course} course @returns {(elapsed: number) => number} */
  function smooth({ from, steps }) {
    const last = steps[steps.length - 1];
    const middle = (steps[0] + last) / 2;
    const half = last - middle;
    const phase = Math.asin(clamp((from - middle) / half, -1, 1));
    return (elapsed) => middle + half * Math.sin(phase + (2 * Math.PI * elapsed) / PERIOD_MS);
  }

  /** @param {Course} course @returns {(elapsed: number) => number} */
  function stepwise({ from, steps }) {
    const there = steps.filter((step) => step > from);
    const tour = [...there, ...steps.slice(0, -1).reverse(), ...steps.slice(1)];
    return (elapsed) => {
      const at = Math.floor(elapsed / PAUSE_MS);
      return at < there.length ? there[at] : tour[there.length + ((at - there.length) % (2 * steps.length - 2))];
    };
  }

  const cancel = () => cancelAnimationFrame(frame);

  function stop() {
    cancel();
    if (store.get().playing === null) return;
    store.set({ playing: null });
    store.commit();
  }

  /** @param {number} latent @returns {Course} */
  const endToEnd = (latent) => ({
    from: model.z(store.get())[latent],
    steps: model.latents[latent].steps,
    zAt: (value) => model.z(store.get()).map((other, at) => (at === latent ? value : other)),
  });

  /** @param {number | "path"} what @param {Course} course */
  function start(what, course) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const value = (calm ? stepwise : smooth)(course);
    const began = performance.now();
    const advance = (/** @type {number} */ time) => {
      store.set(model.withZ(store.get(), course.zAt(value(Math.max(0, time - began)))), time);
      frame = requestAnimationFrame(advance);
    };
    store.set({ playing: what });
    frame = requestAnimationFrame(advance);
  }

  return {
    stop,
    /** Stops without a word: what is taken down must not write the address of what comes next. */
    cancel,
    toggle(what, course) {
      const { playing } = store.get();
      stop();
      if (playing !== what) start(what, course ?? endToEnd(/** @type {number} */ (what)));
    },
  };
}
