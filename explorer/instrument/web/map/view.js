import { clamp } from "../clamp.js";

/** How far one can go in from the whole map. */
const CLOSEST = 400;

/** Empty space around the points, as a share of the side that fits. */
const MARGIN = 0.06;

/**
 * Which part of the plane is on screen: its centre, and how many CSS pixels a unit of the plane has. Up is up in both.
 *
 * @typedef {{x: number, y: number, scale: number, whole: number, middle: {x: number, y: number}, width: number,
 *   height: number, dots: number}} View `whole`: the scale at which all points fit, and `middle` their centre; `dots`:
 *   device pixels to a CSS pixel
 * @typedef {{left: number, bottom: number, width: number, height: number}} Bounds
 */

/** @returns {View} */
export const newView = () => ({
  x: 0,
  y: 0,
  scale: 1,
  whole: 1,
  middle: { x: 0, y: 0 },
  width: 0,
  height: 0,
  dots: 1,
});

/** @param {View} view @returns {boolean} whether there is nothing left to zoom out to */
export const isWhole = (view) => view.scale <= view.whole;

/** @param {View} view @param {Bounds} bounds shows all of them */
export function fit(view, bounds) {
  const [wide, tall] = [view.width / (bounds.width || 1), view.height / (bounds.height || 1)];
  const scale = (1 - 2 * MARGIN) * Math.min(wide, tall);
  view.middle = { x: bounds.left + bounds.width / 2, y: bounds.bottom + bounds.height / 2 };
  Object.assign(view, view.middle);
  view.scale = view.whole = scale || 1;
}

/** The part on screen stays the same when its place gets another size. @param {View} view @param {Bounds} bounds @param {number} width @param {number} height @param {number} dots */
export function resize(view, bounds, width, height, dots) {
  const was = { x: view.x, y: view.y, zoom: view.scale / view.whole, fresh: view.width === 0 };
  Object.assign(view, { width, height, dots });
  fit(view, bounds);
  if (!was.fresh) Object.assign(view, { x: was.x, y: was.y, scale: view.whole * was.zoom });
}

/** @param {View} view @param {number} x of the plane */
export const across = (view, x) => view.width / 2 + (x - view.x) * view.scale;
/** @param {View} view @param {number} y of the plane */
export const down = (view, y) => view.height / 2 - (y - view.y) * view.scale;
/** @param {View} view @param {number} px from the left */
export const planeX = (view, px) => view.x + (px - view.width / 2) / view.scale;
/** @param {View} view @param {number} px from the top */
export const planeY = (view, px) => view.y - (px - view.height / 2) / view.scale;

/** @param {View} view @param {number} dx in CSS pixels @param {number} dy */
export function pan(view, dx, dy) {
  view.x -= dx / view.scale;
  view.y += dy / view.scale;
}

/** What lies under a place of the screen stays there, until the whole map is shown. @param {View} view @param {number} factor @param {number} px @param {number} py */
export function zoom(view, factor, px, py) {
  const [x, y] = [planeX(view, px), planeY(view, py)];
  view.scale = clamp(view.scale * factor, view.whole, view.whole * CLOSEST);
  view.x = x - (px - view.width / 2) / view.scale;
  view.y = y + (py - view.height / 2) / view.scale;
  if (factor < 1 && isWhole(view)) Object.assign(view, view.middle);
}
