import { REACH, STEPS } from "./rows.js";

/** @typedef {{toggle(latent: number): void, stop(): void, cancel(): void}} Player */

const PERIOD_MS = 6000;
const PAUSE_MS = 1000;

/**
 * Moves one latent from end to end and back until it is stopped: smoothly, or where a person asked their system for
 * less motion, from one step of the grid to the next with a rest on each.
 *
 * @param {import("./store.js").Store} store
 * @returns {Player}
 */
export function createPlayer(store) {
  let frame = 0;

  /** @param {number} from @returns {(elapsed: number) => number} */
  function smooth(from) {
    const phase = Math.asin(Math.min(1, Math.max(-1, from / REACH)));
    return (elapsed) => REACH * Math.sin(phase + (2 * Math.PI * elapsed) / PERIOD_MS);
  }

  /** @param {number} from @returns {(elapsed: number) => number} */
  function stepwise(from) {
    const there = STEPS.filter((step) => step > from);
    const tour = [...there, ...STEPS.slice(0, -1).reverse(), ...STEPS.slice(1)];
    return (elapsed) => {
      const at = Math.floor(elapsed / PAUSE_MS);
      return at < there.length
        ? there[at]
        : tour[there.length + ((at - there.length) % (2 * STEPS.length - 2))];
    };
  }

  const cancel = () => cancelAnimationFrame(frame);

  function stop() {
    cancel();
    if (store.get().playing === null) return;
    store.set({ playing: null });
    store.commit();
  }

  function start(latent) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const path = (calm ? stepwise : smooth)(store.get().z[latent]);
    const began = performance.now();
    const advance = (time) => {
      const z = [...store.get().z];
      z[latent] = path(Math.max(0, time - began));
      store.set({ z }, time);
      frame = requestAnimationFrame(advance);
    };
    store.set({ playing: latent });
    frame = requestAnimationFrame(advance);
  }

  return {
    stop,
    /** Stops without a word: what is taken down must not write the address of what comes next. */
    cancel,
    toggle(latent) {
      const { playing } = store.get();
      stop();
      if (playing !== latent) start(latent);
    },
  };
}
