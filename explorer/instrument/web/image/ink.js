import { clamp } from "../clamp.js";

/** Of the smaller side: what is wider than twice this is the page or its shadow, and no stroke. */
const WIDEST = 1 / 6;

/** Contrast against the page below which there is nothing on it: noise of a camera, creases of paper. */
const FAINTEST = 0.12;

/** What is paler than this share of the ink is ruled or printed, or shines through. */
const PALEST = 0.25;

/** A ruled line covers at least this share of a side, and is at most this many pixels thick. */
const RULED = 0.7;
const THIN = 4;

/** Parts smaller than this share of the largest are dust. */
const DUST = 0.03;

/**
 * Finds what was written on a page, however the light fell on it: paper is what a wide stroke does not cover, ink what
 * stands out against the paper around it (the white top-hat, Serra 1982, over the paper's distance from the ink's end of
 * the scale). Ruled lines go, and what comes in over the edge of the picture, like a desk.
 *
 * @param {Float32Array} image (H, W) in [0, 1], ink brighter than the page
 * @param {number} height
 * @param {number} width
 * @returns {Float32Array | null} (H, W), 0 on the page and 1 in the ink; nothing where nothing stands out
 */
export function findInk(image, height, width) {
  const reach = Math.max(1, Math.round(WIDEST * Math.min(height, width)));
  const paper = opened(image, height, width, reach);
  const contrast = image.map((value, at) => (value - paper[at]) / Math.max(1 - paper[at], FAINTEST));
  const strongest = () => contrast.reduce((a, b) => Math.max(a, b), 0);
  for (let pass = 0; pass < 2; pass++) {
    const most = strongest();
    if (most < FAINTEST) return null;
    rub(contrast, ruled(contrast, height, width, most / 2));
    rub(contrast, ruled(contrast, height, width, most / 2, true));
    const { parts, areas, edges } = components(contrast, height, width, most / 2);
    // A digit that itself reaches the edge stays where there is nothing else.
    const inner = areas.map((area, part) => (edges[part] ? 0 : area));
    const largest = Math.max(0, ...inner);
    const isAll = largest < DUST * Math.max(0, ...areas);
    const least = DUST * (isAll ? Math.max(...areas) : largest);
    const kept = areas.map((area, part) => area >= least && (isAll || !edges[part]));
    const near = grown(
      parts.map((part) => (part >= 0 && kept[part] ? 1 : 0)),
      height,
      width,
      2,
    );
    for (let at = 0; at < contrast.length; at++) if (!near[at]) contrast[at] = 0;
  }
  const most = strongest();
  if (most < FAINTEST) return null;
  return contrast.map((value) => clamp((value / most - PALEST) / (1 - PALEST), 0, 1));
}

/**
 * @param {Float32Array} ink (H, W) in [0, 1]
 * @param {number} height
 * @param {number} width
 * @returns {number} the mean width of its strokes in pixels: twice their area over the length of their outline
 */
export function strokeWidth(ink, height, width) {
  let [area, outline] = [0, 0];
  const is = (/** @type {number} */ y, /** @type {number} */ x) =>
    y >= 0 && x >= 0 && y < height && x < width && ink[y * width + x] > 0.5;
  for (let y = 0; y <= height; y++) {
    for (let x = 0; x <= width; x++) {
      const here = is(y, x);
      if (here) area++;
      if (here !== is(y - 1, x)) outline++;
      if (here !== is(y, x - 1)) outline++;
    }
  }
  // Steps along the two axes are 4/π times as long as an outline of all directions.
  return outline ? (2 * area) / ((outline * Math.PI) / 4) : 0;
}

/**
 * @param {Float32Array} ink (H, W)
 * @param {number} height
 * @param {number} width
 * @param {number} radius pixels
 * @returns {Float32Array} the same drawn with a pen that is wider by twice the radius
 */
export function thickened(ink, height, width, radius) {
  if (radius < 0.5) return ink;
  const reach = Math.floor(radius + 0.5);
  /** @type {[number, number][]} */
  const disc = [];
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) if (Math.hypot(x, y) <= radius) disc.push([y, x]);
  }
  const wider = new Float32Array(ink.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = ink[y * width + x];
      if (!value) continue;
      for (const [down, across] of disc) {
        const [to, beside] = [y + down, x + across];
        if (to < 0 || beside < 0 || to >= height || beside >= width) continue;
        wider[to * width + beside] = Math.max(wider[to * width + beside], value);
      }
    }
  }
  return wider;
}

/** Sets to the page what a mask has. @param {Float32Array} contrast @param {Uint8Array} mask */
function rub(contrast, mask) {
  for (let at = 0; at < mask.length; at++) if (mask[at]) contrast[at] = 0;
}

/**
 * Thin lines along a side that are longer than any stroke. What crosses them stays.
 *
 * @param {Float32Array} contrast
 * @param {number} height
 * @param {number} width
 * @param {number} least
 * @param {boolean} [upright] down the page, not across
 */
function ruled(contrast, height, width, least, upright = false) {
  const [lines, length] = upright ? [width, height] : [height, width];
  const at = (/** @type {number} */ line, /** @type {number} */ along) =>
    upright ? along * width + line : line * width + along;
  const is = (/** @type {number} */ line, /** @type {number} */ along) =>
    line >= 0 && line < lines && contrast[at(line, along)] > least;
  const mask = new Uint8Array(contrast.length);
  for (let line = 0; line < lines; line++) {
    let on = 0;
    for (let along = 0; along < length; along++) if (is(line, along)) on++;
    if (on < RULED * length) continue;
    for (let along = 0; along < length; along++) {
      let [first, last] = [line, line];
      while (is(first - 1, along)) first--;
      while (is(last + 1, along)) last++;
      if (last - first >= THIN) continue;
      for (let of = first; of <= last; of++) mask[at(of, along)] = 1;
    }
  }
  return mask;
}

/**
 * @param {Float32Array} contrast
 * @param {number} height
 * @param {number} width
 * @param {number} least
 * @returns {{parts: Int32Array, areas: number[], edges: boolean[]}} which part each pixel belongs to (-1: none), and of
 *   each part its pixels and whether it reaches the edge of the picture
 */
function components(contrast, height, width, least) {
  const parts = new Int32Array(contrast.length).fill(-1);
  const [areas, edges] = [/** @type {number[]} */ ([]), /** @type {boolean[]} */ ([])];
  for (let from = 0; from < contrast.length; from++) {
    if (parts[from] >= 0 || contrast[from] <= least) continue;
    const part = areas.push(0) - 1;
    edges.push(false);
    const open = [from];
    parts[from] = part;
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      areas[part]++;
      const [y, x] = [Math.floor(at / width), at % width];
      edges[part] ||= y === 0 || x === 0 || y === height - 1 || x === width - 1;
      for (let to = Math.max(0, y - 1); to <= Math.min(height - 1, y + 1); to++) {
        for (let beside = Math.max(0, x - 1); beside <= Math.min(width - 1, x + 1); beside++) {
          const next = to * width + beside;
          if (parts[next] >= 0 || contrast[next] <= least) continue;
          parts[next] = part;
          open.push(next);
        }
      }
    }
  }
  return { parts, areas, edges };
}

/** The opening by a square: nothing brighter stays that is narrower. @param {Float32Array} image @param {number} height @param {number} width @param {number} reach */
function opened(image, height, width, reach) {
  const least = image.map((value) => -value);
  const shrunk = grown(least, height, width, reach).map((value) => -value);
  return grown(shrunk, height, width, reach);
}

/**
 * @template {Float32Array | Int32Array} A
 * @param {A} image (H, W)
 * @param {number} height
 * @param {number} width
 * @param {number} reach
 * @returns {Float32Array} the largest of each square of 2 · reach + 1 pixels a side
 */
function grown(image, height, width, reach) {
  const across = new Float32Array(image.length);
  const down = new Float32Array(image.length);
  for (let y = 0; y < height; y++) slide(image, across, y * width, 1, width, reach);
  for (let x = 0; x < width; x++) slide(across, down, x, width, height, reach);
  return down;
}

/**
 * The largest in a window that slides along a line, by a queue of what may still become it.
 *
 * @param {ArrayLike<number>} from
 * @param {Float32Array} to
 * @param {number} start
 * @param {number} step
 * @param {number} count
 * @param {number} reach
 */
function slide(from, to, start, step, count, reach) {
  const queue = new Int32Array(count);
  let [head, tail] = [0, 0];
  for (let at = 0; at < count + reach; at++) {
    if (at < count) {
      const value = from[start + at * step];
      while (tail > head && from[start + queue[tail - 1] * step] <= value) tail--;
      queue[tail++] = at;
    }
    const centre = at - reach;
    if (centre < 0) continue;
    while (queue[head] < centre - reach) head++;
    to[start + centre * step] = from[start + queue[head] * step];
  }
}
