import { clamp } from "../clamp.js";
import { clear, emptyNearest, finish, insert, NEIGHBOURS } from "./neighbours.js";

/**
 * An index over points of the plane: a uniform grid, with about two points a cell.
 *
 * @param {Float32Array} points x and y of each, in turn
 * @param {number} [k]
 */
export function createPlaneIndex(points, k = NEIGHBOURS) {
  const count = points.length / 2;
  const { left, bottom, width, height } = boundsOf(points);
  const cell = Math.max(Math.sqrt((2 * width * height) / count), Math.max(width, height) / 2048) || 1;
  const columns = Math.floor(width / cell) + 1;
  const lines = Math.floor(height / cell) + 1;
  const columnOf = (/** @type {number} */ x) => clamp(Math.floor((x - left) / cell), 0, columns - 1);
  const lineOf = (/** @type {number} */ y) => clamp(Math.floor((y - bottom) / cell), 0, lines - 1);
  const starts = new Uint32Array(columns * lines + 1);
  const order = new Uint32Array(count);
  const cellOf = (/** @type {number} */ at) => lineOf(points[2 * at + 1]) * columns + columnOf(points[2 * at]);
  for (let at = 0; at < count; at++) starts[cellOf(at) + 1]++;
  for (let at = 0; at < columns * lines; at++) starts[at + 1] += starts[at];
  const next = starts.slice();
  for (let at = 0; at < count; at++) order[next[cellOf(at)]++] = at;

  const nearest = emptyNearest(Math.min(k, count));

  /** Everything within some cells of one line. @param {number} line @param {number} from @param {number} to @param {number} x @param {number} y */
  function scan(line, from, to, x, y) {
    if (line < 0 || line >= lines) return;
    const first = Math.max(0, from);
    const last = Math.min(columns - 1, to);
    if (first > last) return;
    const worst = nearest.indices.length - 1;
    for (let at = starts[line * columns + first]; at < starts[line * columns + last + 1]; at++) {
      const index = order[at];
      const distance = (points[2 * index] - x) ** 2 + (points[2 * index + 1] - y) ** 2;
      if (distance < nearest.distances[worst]) insert(nearest, index, distance);
    }
  }

  /** Calls `visit(index, squared distance)` for each point within a circle. @param {number} x @param {number} y @param {number} radius @param {(index: number, distance: number) => void} visit */
  function within(x, y, radius, visit) {
    const first = columnOf(x - radius);
    const last = columnOf(x + radius);
    for (let line = lineOf(y - radius); line <= lineOf(y + radius); line++) {
      for (let at = starts[line * columns + first]; at < starts[line * columns + last + 1]; at++) {
        const distance = (points[2 * order[at]] - x) ** 2 + (points[2 * order[at] + 1] - y) ** 2;
        if (distance <= radius * radius) visit(order[at], distance);
      }
    }
  }

  return {
    /** @param {number} x @param {number} y @returns {import("./neighbours.js").Nearest} overwritten by the next search */
    nearest(x, y) {
      clear(nearest);
      const column = columnOf(x);
      const line = lineOf(y);
      const worst = nearest.indices.length - 1;
      for (let ring = 0; ring < Math.max(columns, lines); ring++) {
        // Nothing in this ring or beyond can be nearer than what is found.
        if (nearest.distances[worst] <= ((ring - 1) * cell) ** 2) break;
        scan(line - ring, column - ring, column + ring, x, y);
        if (ring) scan(line + ring, column - ring, column + ring, x, y);
        for (let other = line - ring + 1; other < line + ring; other++) {
          scan(other, column - ring, column - ring, x, y);
          scan(other, column + ring, column + ring, x, y);
        }
      }
      return finish(nearest);
    },
    /** @param {number} x @param {number} y @param {number} radius @returns {number} points within the circle */
    count(x, y, radius) {
      let inside = 0;
      within(x, y, radius, () => inside++);
      return inside;
    },
    /**
     * @param {number} x @param {number} y @param {number} radius @param {(index: number) => boolean} shown
     * @returns {number | null} the nearest point that is shown within the circle
     */
    pick(x, y, radius, shown) {
      let found = null;
      let least = Infinity;
      within(x, y, radius, (/** @type {number} */ index, /** @type {number} */ distance) => {
        if (distance >= least || !shown(index)) return;
        least = distance;
        found = index;
      });
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
