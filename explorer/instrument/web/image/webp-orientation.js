import { offscreen2d } from "../dom.js";

/**
 * Browsers turn a JPEG as its EXIF data say, and leave a WebP as it is stored. This reads what a WebP says, and sets it to
 * upright in the bytes, so that a browser which learns to turn it does not turn it twice.
 */

const ORIENTATION = 0x0112;

/**
 * @param {Uint8Array} bytes of a WebP; changed
 * @returns {number} the orientation as EXIF counts them: 1, upright, to 8
 */
export function takeOrientation(bytes) {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const named = (/** @type {number} */ at, /** @type {string} */ name) =>
    [...name].every((letter, by) => bytes[at + by] === letter.charCodeAt(0));
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = data.getUint32(at + 4, true);
    if (named(at, "EXIF")) return fromTiff(data, at + 8 + (named(at + 8, "Exif\0\0") ? 6 : 0));
    at += 8 + size + (size % 2);
  }
  return 1;
}

/** @param {DataView} data @param {number} start of the TIFF header @returns {number} */
function fromTiff(data, start) {
  const end = data.byteLength;
  if (start + 8 > end) return 1;
  const little = data.getUint16(start) === 0x4949;
  const first = start + data.getUint32(start + 4, little);
  if (first + 2 > end) return 1;
  const entries = data.getUint16(first, little);
  for (let entry = first + 2; entry < first + 2 + 12 * entries && entry + 12 <= end; entry += 12) {
    if (data.getUint16(entry, little) !== ORIENTATION) continue;
    const found = data.getUint16(entry + 8, little);
    data.setUint16(entry + 8, 1, little);
    return found >= 1 && found <= 8 ? found : 1;
  }
  return 1;
}

/**
 * @param {ImageBitmap} bitmap is closed where another is given back
 * @param {number} orientation
 * @returns {ImageBitmap} the right way up
 */
export function turned(bitmap, orientation) {
  if (orientation === 1) return bitmap;
  const { width, height } = bitmap;
  const isOnSide = orientation >= 5;
  const context = offscreen2d(isOnSide ? height : width, isOnSide ? width : height);
  const across = [1, -1, -1, 1, 0, 0, 0, 0][orientation - 1];
  const down = [1, 1, -1, -1, 0, 0, 0, 0][orientation - 1];
  const turn = [0, 0, 0, 0, 1, 1, -1, -1][orientation - 1];
  const back = [0, 0, 0, 0, 1, -1, -1, 1][orientation - 1];
  const left = across < 0 || back < 0 ? context.canvas.width : 0;
  const top = down < 0 || turn < 0 ? context.canvas.height : 0;
  context.setTransform(across, turn, back, down, left, top);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.canvas.transferToImageBitmap();
}
