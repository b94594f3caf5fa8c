import { tellProbes } from "../lesson/probes.js";

/**
 * Tells where what is bright in the image lies and how it leans, once the image is on screen: its frame has nothing to do with it.
 *
 * @param {HTMLElement} element that shows it
 * @param {import("../engine/pixels.js").Shape} shape of the image
 */
export function createMoments(element, [, height, width]) {
  let isWaiting = false;
  /** @type {Float32Array | null} */
  let latest = null;

  function tell() {
    isWaiting = false;
    const found = latest && momentsOf(latest, height, width);
    if (element.isConnected)
      tellProbes(element, { centre_x: found ? 100 * found.centreX : null, lean: found?.lean ?? null });
  }

  /** @param {Float32Array} values */
  return (values) => {
    latest = values;
    if (!isWaiting) setTimeout(tell, 50);
    isWaiting = true;
  };
}

/**
 * @param {ArrayLike<number>} values row after row, of every channel
 * @param {number} height
 * @param {number} width of a row
 * @returns {{centreX: number, lean: number} | null} the mean column, weighed by brightness, from 0 at the left edge to 1 at the
 *   right one, and by how many degrees an upright stroke would have been slanted to the right (less than 0: to the left) to lie
 *   as this does; nothing where all is dark
 */
export function momentsOf(values, height, width) {
  let [sum, x, y, yy, xy] = [0, 0, 0, 0, 0];
  for (let at = 0; at < values.length; at++) {
    const [column, row] = [(at % width) + 0.5, (Math.floor(at / width) % height) + 0.5];
    sum += values[at];
    x += values[at] * column;
    y += values[at] * row;
    yy += values[at] * row * row;
    xy += values[at] * column * row;
  }
  if (!(sum > 0)) return null;
  const [spread, together] = [yy / sum - (y / sum) ** 2, xy / sum - (x / sum) * (y / sum)];
  // Rows count downwards: what leans to the right moves to the left on its way down.
  return { centreX: x / sum / width, lean: (-180 / Math.PI) * Math.atan2(together, spread) };
}
