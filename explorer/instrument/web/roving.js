/**
 * Makes a table of buttons one stop of the Tab key, inside which the arrow keys walk.
 *
 * @param {HTMLElement} container
 * @param {() => HTMLElement[][]} rows the buttons, row by row, as they lie on screen
 * @returns {(button: HTMLElement) => void} makes a button the one that Tab reaches
 */
export function rove(container, rows) {
  /** @type {HTMLElement | null} */
  let current = null;

  /** @param {HTMLElement} button */
  function makeCurrent(button) {
    if (current) current.tabIndex = -1;
    current = button;
    button.tabIndex = 0;
  }

  container.addEventListener("focusin", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (rows().some((row) => row.includes(target))) makeCurrent(target);
  });
  container.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const table = rows();
    const target = /** @type {HTMLElement} */ (event.target);
    const y = table.findIndex((row) => row.includes(target));
    if (y < 0) return;
    const x = table[y].indexOf(target);
    /** @type {Record<string, [number, number]>} */
    const goals = {
      ArrowLeft: [y, x - 1],
      ArrowRight: [y, x + 1],
      ArrowUp: [y - 1, x],
      ArrowDown: [y + 1, x],
      Home: [y, 0],
      End: [y, table[y].length - 1],
    };
    const goal = goals[event.key];
    if (!goal) return;
    event.preventDefault();
    const row = table[goal[0]];
    const next = row?.[Math.min(goal[1], row.length - 1)];
    next?.focus();
  });
  return makeCurrent;
}
