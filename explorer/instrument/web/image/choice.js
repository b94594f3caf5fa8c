/**
 * Remembers which image is chosen now, for work that takes its time: what it makes must not take over from a newer choice.
 *
 * @param {Pick<import("../store.js").Store, "get">} store
 * @returns {(made: import("../store.js").Source | null) => boolean} whether another was chosen since; what the work itself
 *   `made` before does not count
 */
export function rememberChoice(store) {
  const asked = store.get();
  return (made) => {
    const { example, own } = store.get();
    if (own !== null && own === made) return false;
    return example !== asked.example || own !== asked.own;
  };
}
