import KDBush from "../vendor/kdbush.js";
import { clear, emptyNearest, finish, insert, NEIGHBOURS } from "./neighbours.js";

/**
 * An index over points of the plane.
 *
 * @param {Float32Array} points x and y of each, in turn
 * @param {number} [k]
 */
export function createPlaneIndex(points, k = NEIGHBOURS) {
  const count = points.length / 2;
  const tree = new KDBush(count, undefined, Float32Array);
  for (let at = 0; at < count; at++) tree.add(points[2 * at], points[2 * at + 1]);
  tree.finish();
  const { left, bottom, width, height } = boundsOf(points);
  /** Were the points spread evenly, as many as are sought would lie within it. */
  const usual = Math.sqrt((k * width * height) / (Math.PI * count));
  const nearest = emptyNearest(Math.min(k, count));

  /** @param {number} at @param {number} x @param {number} y @returns {number} the squared distance */
  const away = (at, x, y) => (points[2 * at] - x) ** 2 + (points[2 * at + 1] - y) ** 2;

  return {
    /** @param {number} x @param {number} y @returns {import("./neighbours.js").Nearest} overwritten by the next search */
    nearest(x, y) {
      clear(nearest);
      const worst = nearest.indices.length - 1;
      // Beyond this every point is within reach.
      const farthest = Math.hypot(Math.abs(x - left) + width, Math.abs(y - bottom) + height);
      let radius = usual;
      let found = tree.within(x, y, radius);
      while (found.length <= worst) {
        radius = radius < farthest ? 2 * radius || Infinity : Infinity;
        found = tree.within(x, y, radius);
      }
      for (const at of found) {
        const distance = away(at, x, y);
        if (distance < nearest.distances[worst]) insert(nearest, at, distance);
      }
      return finish(nearest);
    },
    /** @param {number} x @param {number} y @param {number} radius @returns {number} points within the circle */
    count: (x, y, radius) => tree.within(x, y, radius).length,
    /**
     * @param {number} x @param {number} y @param {number} radius @param {(index: number) => boolean} shown
     * @returns {number | null} the nearest point that is shown within the circle
     */
    pick(x, y, radius, shown) {
      let found = null;
      let least = Infinity;
      for (const at of tree.within(x, y, radius)) {
        const distance = away(at, x, y);
        if (distance >= least || !shown(at)) continue;
        least = distance;
        found = at;
      }
      return found;
    },
  };
}

/** @param {Float32Array} points @returns {{left: number, bottom: number, width: number, height: number}} */
export function boundsOf(points) {
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let at = 0; at < points.length; at += 2) {
    if (points[at] < left) left = points[at];
    if (points[at] > right) right = points[at];
    if (points[at + 1] < bottom) bottom = points[at + 1];
    if (points[at + 1] > top) top = points[at + 1];
  }
  if (points.length === 0) return { left: -1, bottom: -1, width: 2, height: 2 };
  return { left, bottom, width: right - left, height: top - bottom };
}
