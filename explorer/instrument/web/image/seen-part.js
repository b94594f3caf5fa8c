import { clamp } from "../clamp.js";
/**
 * Which pixels of an image are seen, and which are hidden: a byte each, row by row, 1 where it is seen.
 *
 * @typedef {Uint8Array} Seen
 * @typedef {"left" | "right" | "top" | "bottom"} Half
 */

/** @type {Half[]} */
export const HALVES = ["left", "right", "top", "bottom"];

/** @param {Half} name that is seen @param {number} height @param {number} width @returns {Seen} */
export function half(name, height, width) {
  const [row, column] = [Math.floor(height / 2), Math.floor(width / 2)];
  const isSeen = {
    left: (/** @type {number} */ x) => x < column,
    right: (/** @type {number} */ x) => x >= column,
    top: (/** @type {number} */ _, /** @type {number} */ y) => y < row,
    bottom: (/** @type {number} */ _, /** @type {number} */ y) => y >= row,
  }[name];
  return Uint8Array.from({ length: height * width }, (_, at) => Number(isSeen(at % width, Math.floor(at / width))));
}

/** @param {number} size @param {number} share of the pixels that are hidden @param {() => number} random @returns {Seen} */
export const scattered = (size, share, random) => Uint8Array.from({ length: size }, () => Number(random() >= share));

/** @param {number} size @param {0 | 1} value @returns {Seen} */
export const whole = (size, value) => new Uint8Array(size).fill(value);

/** @param {Seen} a @param {Seen} b */
export const isSamePart = (a, b) => a === b || (a.length === b.length && a.every((value, at) => value === b[at]));

/**
 * A stroke of a round brush from one point to another, in pixels.
 *
 * @param {Seen} seen
 * @param {number} width of the image
 * @param {{x: number, y: number}} from
 * @param {{x: number, y: number}} to
 * @param {number} radius
 * @param {0 | 1} value 0 hides, 1 shows
 * @returns {Seen} a new one; the same where it changes nothing
 */
export function brushed(seen, width, from, to, radius, value) {
  const next = seen.slice();
  const length = (to.x - from.x) ** 2 + (to.y - from.y) ** 2;
  for (let at = 0; at < next.length; at++) {
    const [x, y] = [(at % width) + 0.5, Math.floor(at / width) + 0.5];
    const along = length ? ((x - from.x) * (to.x - from.x) + (y - from.y) * (to.y - from.y)) / length : 0;
    const t = clamp(along, 0, 1);
    const apart = Math.hypot(x - from.x - t * (to.x - from.x), y - from.y - t * (to.y - from.y));
    if (apart <= radius) next[at] = value;
  }
  return isSamePart(next, seen) ? seen : next;
}

/** @param {Seen} seen @returns {number} how many pixels are hidden */
export const hiddenCount = (seen) => seen.reduce((sum, value) => sum + 1 - value, 0);

/** @param {Seen} seen @param {number} height @param {number} width @returns {Half | null} which half it is, if it is one */
export const halfOf = (seen, height, width) =>
  HALVES.find((name) => isSamePart(seen, half(name, height, width))) ?? null;

/** @param {Seen} seen @returns {string} four pixels to a hexadecimal digit, the first of them its highest bit */
export function spelledPart(seen) {
  let text = "";
  for (let at = 0; at < seen.length; at += 4) {
    let digit = 0;
    for (let bit = 0; bit < 4; bit++) digit = digit * 2 + (seen[at + bit] ?? 0);
    text += digit.toString(16);
  }
  return text;
}

/** @param {string} text @param {number} size @returns {Seen | null} what `spelledPart` wrote for an image of this size; nothing for any other text */
export function readPart(text, size) {
  if (text.length !== Math.ceil(size / 4) || !/^[0-9a-f]*$/.test(text)) return null;
  return Uint8Array.from({ length: size }, (_, at) => (Number.parseInt(text[at >> 2], 16) >> (3 - (at & 3))) & 1);
}

/**
 * @param {Float32Array} values C×H×W
 * @param {Seen} seen H×W
 * @returns {Float32Array} those of the hidden pixels alone, channel by channel
 */
export const hiddenOf = (values, seen) => values.filter((_, at) => !seen[at % seen.length]);
