const LONGEST = 500;

/**
 * What undo and redo walk along.
 *
 * @template T
 * @param {T} first
 * @param {(a: T, b: T) => boolean} same
 * @returns {{push(entry: T): boolean, amend(entry: T): void, undo(): T | null, redo(): T | null, canUndo(): boolean, canRedo(): boolean}}
 */
export function createHistory(first, same) {
  let entries = [first];
  let at = 0;
  return {
    push(entry) {
      if (same(entries[at], entry)) return false;
      entries = [...entries.slice(0, at + 1), entry].slice(-LONGEST);
      at = entries.length - 1;
      return true;
    },
    /** Changes where one is, for what belongs to it and came later. @param {T} entry */
    amend(entry) {
      entries = entries.map((other, index) => (index === at ? entry : other));
    },
    undo: () => (at > 0 ? entries[--at] : null),
    redo: () => (at < entries.length - 1 ? entries[++at] : null),
    canUndo: () => at > 0,
    canRedo: () => at < entries.length - 1,
  };
}
