import { across, down, planeX, planeY } from "./view.js";

/** The longer side of a thumbnail, in CSS pixels, is about this on a whole map, and grows as one goes in. */
const SIDE = { least: 20, most: 60, growth: 0.4 };
const GAP = 2;

/** Of more images than this the rest are points only: choosing must not hold up a zoom. */
const MOST_CHOSEN_FROM = 200_000;

/**
 * @param {import("../engine/pixels.js").Shape} shape
 * @param {number} zoom 1 where the whole map is shown
 * @returns {{width: number, height: number}} of a thumbnail: whole multiples of its pixels where it is small
 */
export function thumbnailSize([, height, width], zoom) {
  const scale = Math.min(SIDE.most, SIDE.least * zoom ** SIDE.growth) / Math.max(width, height);
  const crisp = scale >= 1 ? Math.floor(scale) : Math.max(scale, 1 / Math.ceil(1 / scale));
  return { width: Math.max(8, width * crisp), height: Math.max(8, height * crisp) };
}

/**
 * Chooses images that do not overlap when each is drawn on its point: those of the lowest number first. It depends on the
 * plane and the scale and not on what part is on screen, so that nothing flickers while one pans.
 *
 * @param {Float32Array} points
 * @param {(index: number) => boolean} shown
 * @param {number} width of an image, in units of the plane
 * @param {number} height
 * @returns {number[]}
 */
export function chooseApart(points, shown, width, height) {
  /** @type {Map<number, number>} what lies in which cell; a cell as large as an image holds one at most */
  const cells = new Map();
  const key = (/** @type {number} */ column, /** @type {number} */ line) => column * 67_108_864 + line;
  const chosen = [];
  const count = Math.min(points.length / 2, MOST_CHOSEN_FROM);
  for (let index = 0; index < count; index++) {
    const [x, y] = [points[2 * index], points[2 * index + 1]];
    const [column, line] = [Math.floor(x / width), Math.floor(y / height)];
    if (cells.has(key(column, line)) || !shown(index)) continue;
    let free = true;
    for (let near = 0; near < 9 && free; near++) {
      const other = cells.get(key(column + (near % 3) - 1, line + Math.floor(near / 3) - 1));
      if (other === undefined) continue;
      free = Math.abs(points[2 * other] - x) >= width || Math.abs(points[2 * other + 1] - y) >= height;
    }
    if (!free) continue;
    cells.set(key(column, line), index);
    chosen.push(index);
  }
  return chosen;
}

/**
 * The layer of thumbnails in place of points.
 *
 * @param {import("../engine/pixels.js").Shape} shape
 * @param {import("../checkpoint/thumbnails.js").Thumbnails} thumbnails
 */
export function createMosaic(shape, thumbnails) {
  let { width, height } = thumbnailSize(shape, 1);
  let level = NaN;
  /** @type {number[]} */
  let chosen = [];

  return {
    /** After points or filter have changed. */
    renew: () => void (level = NaN),
    /**
     * @param {CanvasRenderingContext2D} context in CSS pixels
     * @param {import("./view.js").View} view
     * @param {Float32Array} points
     * @param {(index: number) => boolean} shown
     * @param {(index: number) => string} colour
     */
    draw(context, view, points, shown, colour) {
      // Chosen anew each time the scale has grown by a quarter: not at every step of a zoom.
      const now = Math.floor(4 * Math.log2(view.scale));
      if (now !== level) {
        const scale = 2 ** (now / 4);
        ({ width, height } = thumbnailSize(shape, Math.max(1, scale / view.whole)));
        chosen = chooseApart(points, shown, (width + GAP) / scale, (height + GAP) / scale);
        level = now;
      }
      const [left, right] = [planeX(view, -width), planeX(view, view.width + width)];
      const [bottom, top] = [planeY(view, view.height + height), planeY(view, -height)];
      const snap = (/** @type {number} */ value) => Math.round(value * view.dots) / view.dots;
      context.imageSmoothingEnabled = width < shape[2];
      context.lineWidth = 1.5;
      for (const index of chosen) {
        const [x, y] = [points[2 * index], points[2 * index + 1]];
        if (x < left || x > right || y < bottom || y > top) continue;
        const [px, py] = [snap(across(view, x) - width / 2), snap(down(view, y) - height / 2)];
        if (!thumbnails.draw(context, index, px, py, width, height)) continue;
        context.strokeStyle = colour(index);
        context.strokeRect(px - 0.25, py - 0.25, width + 0.5, height + 0.5);
      }
    },
  };
}
