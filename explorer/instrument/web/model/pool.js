/**
 * Keeps the models open that were asked for last.
 *
 * @template {{key: string}} P where a model lies
 * @template {{release(): void}} M an open model
 * @param {(place: P, signal: AbortSignal) => Promise<M>} open `signal` ends when the pool lets go of the model
 * @param {number} most how many
 */
export function createPool(open, most) {
  /** @typedef {{model: M | null, opening: Promise<M>, stop: AbortController}} Held */
  /** @type {Map<string, Held>} the one asked for last at the end */
  const held = new Map();

  /** @param {string} key */
  function letGo(key) {
    const entry = held.get(key);
    held.delete(key);
    entry?.stop.abort();
    entry?.opening.then(
      (model) => model.release(),
      () => {},
    );
  }

  return {
    /** @param {P} place @returns {Promise<M>} opened once; after a failure the next to ask tries again */
    get(place) {
      const { key } = place;
      let entry = held.get(key);
      if (!entry) {
        const stop = new AbortController();
        /** @type {Held} */
        const made = { model: null, opening: open(place, stop.signal), stop };
        entry = made;
        made.opening.then(
          (model) => (made.model = model),
          () => held.get(key) === made && held.delete(key),
        );
      }
      held.delete(key);
      held.set(key, entry);
      for (const oldest of [...held.keys()].slice(0, -most)) letGo(oldest);
      return entry.opening;
    },
    /** @param {string} key @returns {M | null} without asking for it */
    peek: (key) => held.get(key)?.model ?? null,
    /** Lets go of all others. @param {string[]} keys */
    keep(keys) {
      for (const key of [...held.keys()]) if (!keys.includes(key)) letGo(key);
    },
    destroy() {
      for (const key of [...held.keys()]) letGo(key);
    },
  };
}
