/**
 * Keeps the models open that were asked for last.
 *
 * @template {{key: string}} P where a model lies
 * @template {{release(): void}} M an open model
 * @param {(place: P) => Promise<M>} open
 * @param {number} most how many
 */
export function createPool(open, most) {
  /** @type {Map<string, {model: M | null, opening: Promise<M>}>} the one asked for last at the end */
  const held = new Map();

  /** @param {{opening: Promise<M>}} entry */
  const release = ({ opening }) =>
    opening.then(
      (model) => model.release(),
      () => {},
    );

  return {
    /** @param {P} place @returns {Promise<M>} opened once; after a failure the next to ask tries again */
    get(place) {
      const { key } = place;
      let entry = held.get(key);
      if (!entry) {
        /** @type {{model: M | null, opening: Promise<M>}} */
        const made = { model: null, opening: open(place) };
        entry = made;
        made.opening.then(
          (model) => (made.model = model),
          () => held.get(key) === made && held.delete(key),
        );
      }
      held.delete(key);
      held.set(key, entry);
      for (const [oldest, other] of held) {
        if (held.size <= most) break;
        held.delete(oldest);
        release(other);
      }
      return entry.opening;
    },
    /** @param {string} key @returns {M | null} without asking for it */
    peek: (key) => held.get(key)?.model ?? null,
    destroy() {
      for (const entry of held.values()) release(entry);
      held.clear();
    },
  };
}
