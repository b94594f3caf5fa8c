import { resample } from "./resample.js";

/**
 * Of the side of the image, the box that holds the ink: MNIST's digits were fitted into 20 × 20 of their 28 × 28 pixels,
 * and moved so that their centre of mass is that of the image (LeCun et al. 1998).
 */
const BOX = 20 / 28;

/** How often larger a drawing may become: the first dot of a stroke should not fill the box. */
const LARGEST_ZOOM = 3;

/** Ink differs from the background by more than this, of 1: what is paler neither counts nor weighs. */
const INK = 0.1;

/**
 * Finds the window of a picture that shows its ink as large and as central as in MNIST.
 *
 * @param {import("./resample.js").Source} source whose red is its grey
 * @param {import("./pixels.js").Shape} shape of the image that the window will fill
 * @param {number} background in [0, 1]
 * @returns {import("./resample.js").Window | null} nothing where there is no ink
 */
export function inkWindow(source, [, height, width], background) {
  const pixels = source.rows(0, source.height);
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
  let [mass, momentX, momentY] = [0, 0, 0];
  for (let y = 0, at = 0; y < source.height; y++) {
    for (let x = 0; x < source.width; x++, at += 4) {
      const ink = Math.abs(pixels[at] / 255 - background);
      if (ink <= INK) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
      mass += ink;
      momentX += ink * (x + 0.5);
      momentY += ink * (y + 0.5);
    }
  }
  if (!mass) return null;
  const [across, down] = [right + 1 - left, bottom + 1 - top];
  const shown = Math.max(
    across / (BOX * width),
    down / (BOX * height),
    Math.min(source.width / width, source.height / height) / LARGEST_ZOOM,
  );
  const [wide, high] = [shown * width, shown * height];
  return {
    left: held(momentX / mass - wide / 2, right + 1 - wide, left),
    top: held(momentY / mass - high / 2, bottom + 1 - high, top),
    width: wide,
    height: high,
  };
}

/** @param {number} value @param {number} least @param {number} most so that no ink is lost over an edge */
function held(value, least, most) {
  return Math.min(most, Math.max(least, value));
}

/**
 * @param {import("./resample.js").Source} source whose red is its grey
 * @param {import("./pixels.js").Shape} shape
 * @param {number} background in [0, 1]
 * @returns {Float32Array} (3, height, width)
 */
export function centred(source, shape, background) {
  const [, height, width] = shape;
  const window = inkWindow(source, shape, background) ?? {
    left: 0,
    top: 0,
    width: source.width,
    height: source.height,
  };
  return resample(source, window, width, height, background);
}
