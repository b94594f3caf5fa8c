import { tellProbes } from "../linked.js";

/**
 * Tells how far right what is bright in the image lies, once the image is on screen: its frame has nothing to do with it.
 *
 * @param {HTMLElement} element that shows it
 * @param {import("../engine/pixels.js").Shape} shape of the image
 */
export function createCentre(element, [, , width]) {
  let isWaiting = false;
  /** @type {Float32Array | null} */
  let latest = null;

  function tell() {
    isWaiting = false;
    const centre = latest && centreX(latest, width);
    if (element.isConnected) tellProbes(element, { centre_x: centre === null ? null : 100 * centre });
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
 * @param {number} width of a row
 * @returns {number | null} the mean column, weighed by brightness, from 0 at the left edge to 1 at the right one; nothing where all is dark
 */
export function centreX(values, width) {
  let [sum, weighed] = [0, 0];
  for (let at = 0; at < values.length; at++) {
    sum += values[at];
    weighed += values[at] * ((at % width) + 0.5);
  }
  return sum > 0 ? weighed / sum / width : null;
}
