/**
 * @param {HTMLElement[]} buttons that follow each other, line after line
 * @returns {HTMLElement[][]} line by line, as they lie on screen
 */
export function onScreen(buttons) {
  /** @type {Map<number, HTMLElement[]>} */
  const lines = new Map();
  for (const button of buttons) {
    const line = lines.get(button.offsetTop);
    if (line) line.push(button);
    else lines.set(button.offsetTop, [button]);
  }
  return [...lines.values()];
}
