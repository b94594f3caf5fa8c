/**
 * What is marked on the map: the images that a person draws around, and groups of them.
 *
 * @typedef {object} Marks
 * @property {boolean} drawing a drag over the map draws a line, and does not move the map
 * @property {Int32Array} marked the images within the line
 * @property {Record<string, Int32Array>} groups by name: a ring is drawn around some of each
 */

/** @typedef {ReturnType<typeof createMarking>} Marking */

export function createMarking() {
  /** @type {Marks} */
  let marks = { drawing: false, marked: new Int32Array(0), groups: {} };
  /** @type {((marks: Marks, before: Marks) => void)[]} */
  const listeners = [];
  return {
    get: () => marks,
    /** @param {Partial<Marks>} change */
    set(change) {
      const before = marks;
      marks = { ...marks, ...change };
      for (const listener of listeners) listener(marks, before);
    },
    /** @param {(marks: Marks, before: Marks) => void} listener */
    onChange: (listener) => void listeners.push(listener),
  };
}
