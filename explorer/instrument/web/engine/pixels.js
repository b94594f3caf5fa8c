/** @typedef {[number, number, number]} Shape channels, height, width */

/** Packed as the bytes R, G, B, A, which is this order on every little-endian machine, and WebAssembly has no other. */
const OPAQUE = 0xff000000;

/** @param {number} value @returns {number} the byte for a value in [0, 1]; NaN becomes 0 */
function byte(value) {
  return value > 0 ? (value < 1 ? (value * 255 + 0.5) | 0 : 255) : 0;
}

/** @param {Float32Array} values @returns {boolean} by their sum: no call for each of a million values */
export function allFinite(values) {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] * 0;
  return sum === 0;
}

/**
 * Writes one image, C×H×W in [0, 1], into a sheet of packed RGBA pixels.
 *
 * @param {Float32Array} values
 * @param {number} offset where the image begins in `values`
 * @param {Shape} shape
 * @param {Uint32Array} sheet
 * @param {number} sheetWidth in pixels
 * @param {number} left column of the sheet where the image begins
 */
export function writeImage(values, offset, [channels, height, width], sheet, sheetWidth, left) {
  const plane = height * width;
  let at = offset;
  for (let y = 0; y < height; y++) {
    let to = y * sheetWidth + left;
    for (let x = 0; x < width; x++, at++, to++) {
      const red = byte(values[at]);
      if (channels === 1) {
        sheet[to] = OPAQUE | (red * 0x010101);
      } else {
        sheet[to] = OPAQUE | (byte(values[at + 2 * plane]) << 16) | (byte(values[at + plane]) << 8) | red;
      }
    }
  }
}
