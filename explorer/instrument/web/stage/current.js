/**
 * The latent that keys and actions are about.
 *
 * @param {number} now at first
 * @returns {import("../stage.js").Current}
 */
export function createCurrent(now) {
  /** @type {((latent: number, before: number) => void)[]} */
  const setListeners = [];
  /** @type {((latent: number) => void)[]} */
  const stepListeners = [];
  return {
    get: () => now,
    set(latent) {
      const before = now;
      now = latent;
      for (const listener of setListeners) listener(now, before);
    },
    onSet: (listener) => void setListeners.push(listener),
    step(by) {
      for (const listener of stepListeners) listener(by);
    },
    onStep: (listener) => void stepListeners.push(listener),
  };
}
