/**
 * What lies within a line that was drawn around it, by whether a ray to the right crosses it an odd number of times.
 *
 * @param {Float32Array} points x and y of each
 * @param {[number, number][]} line its last place is joined to its first
 * @param {(at: number) => boolean} isShown whether a point is drawn: a lasso takes no others
 * @returns {Int32Array} which of the points, rising
 */
export function within(points, line, isShown) {
  /** @type {number[]} */
  const found = [];
  for (let at = 0; at < points.length / 2; at++) {
    if (isShown(at) && isInside(points[2 * at], points[2 * at + 1], line)) found.push(at);
  }
  return Int32Array.from(found);
}

/** @param {number} x @param {number} y @param {[number, number][]} line */
function isInside(x, y, line) {
  let inside = false;
  let [fromX, fromY] = line[line.length - 1] ?? [0, 0];
  for (const [toX, toY] of line) {
    if (fromY > y !== toY > y && x < fromX + ((y - fromY) / (toY - fromY)) * (toX - fromX)) inside = !inside;
    [fromX, fromY] = [toX, toY];
  }
  return inside;
}
