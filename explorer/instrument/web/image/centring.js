import { clamp } from "../clamp.js";
import { resample } from "./resample.js";

/**
 * How MNIST's digits lie: fitted into 20 × 20 of their 28 × 28 pixels, and moved so that their centre of mass is that of
 * the image (LeCun et al. 1998).
 */
export const MNIST = { box: 20 / 28, byMass: true };

/** How often larger a drawing may become: the first dot of a stroke should not fill the box. */
const LARGEST_ZOOM = 3;

/** Ink differs from the background by more than this, of 1: what is paler neither counts nor weighs. */
export const INK = 0.1;

/**
 * @param {import("./resample.js").Source} source
 * @param {number} background its grey, in [0, 1]
 * @param {number} least what differs by more is ink
 * @returns {{left: number, top: number, right: number, bottom: number, x: number, y: number} | null} where the ink lies,
 *   and its centre of mass
 */
export function inkBox(source, background, least) {
  const pixels = source.rows(0, source.height);
  const [ground, threshold] = [255 * background, 255 * least];
  let [left, top, right, bottom] = [Infinity, Infinity, 0, 0];
  let [mass, momentX, momentY] = [0, 0, 0];
  for (let y = 0, at = 0; y < source.height; y++) {
    for (let x = 0; x < source.width; x++, at += 4) {
      const red = Math.abs(pixels[at] - ground);
      const green = Math.abs(pixels[at + 1] - ground);
      const blue = Math.abs(pixels[at + 2] - ground);
      const ink = Math.max(red, green, blue);
      if (ink <= threshold) continue;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      if (y < top) top = y;
      bottom = y + 1;
      mass += ink;
      momentX += ink * (x + 0.5);
      momentY += ink * (y + 0.5);
    }
  }
  return mass ? { left, top, right, bottom, x: momentX / mass, y: momentY / mass } : null;
}

/**
 * Shows the ink of a picture as large and as central as the data show theirs.
 *
 * @param {import("./resample.js").Source} source
 * @param {import("../engine/pixels.js").Shape} shape of the result
 * @param {number} background in [0, 1]
 * @param {{box: number, byMass: boolean}} [as] how the data lie
 * @param {number} [zoom] how often larger it may become
 * @returns {Float32Array} C×H×W; of one channel, the source is taken to be grey
 */
export function centred(source, shape, background, as = MNIST, zoom = LARGEST_ZOOM) {
  const [channels, height, width] = shape;
  const colours = channels === 1 ? 1 : 3;
  const whole = { left: 0, top: 0, width: source.width, height: source.height };
  const ink = inkBox(source, background, INK);
  if (!ink) return resample(source, whole, width, height, background, colours);
  const shown = Math.max(
    (ink.right - ink.left) / (as.box * width),
    (ink.bottom - ink.top) / (as.box * height),
    Math.min(source.width / width, source.height / height) / zoom,
  );
  const [wide, high] = [shown * width, shown * height];
  const [x, y] = as.byMass ? [ink.x, ink.y] : [(ink.left + ink.right) / 2, (ink.top + ink.bottom) / 2];
  const window = {
    // Held so that no ink is lost over an edge.
    left: clamp(x - wide / 2, ink.right - wide, ink.left),
    top: clamp(y - high / 2, ink.bottom - high, ink.top),
    width: wide,
    height: high,
  };
  return resample(source, window, width, height, background, colours);
}
