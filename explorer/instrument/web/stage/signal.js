/**
 * A value that one part sets and others follow.
 *
 * @template T
 * @typedef {{get(): T, set(value: T): void, onSet(listener: (value: T) => void): void}} Signal
 */

/**
 * @template T
 * @param {T} initial
 * @returns {Signal<T>}
 */
export function createSignal(initial) {
  let now = initial;
  /** @type {((value: T) => void)[]} */
  const listeners = [];
  return {
    get: () => now,
    set(value) {
      now = value;
      for (const listener of listeners) listener(value);
    },
    onSet: (listener) => void listeners.push(listener),
  };
}
