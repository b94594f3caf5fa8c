/**
 * Where the names of points stand in a plot, so that none covers another.
 *
 * @typedef {{x: number, y: number}} Spot
 * @typedef {{left: number, right: number, top: number, bottom: number}} Box
 * @typedef {Spot & {anchor: "start" | "end"}} Label `y` of its baseline
 */

/** Of an upright digit, in the font size of the names; rather too wide. */
const DIGIT = 8.5;
const TALL = 11;
/** First off a curve that falls from left to right. */
const BESIDE = /** @type {[number, number, Label["anchor"]][]} */ ([
  [8, -7, "start"],
  [-8, 16, "end"],
  [8, 16, "start"],
  [-8, -7, "end"],
]);

/**
 * @param {(Spot & {text: string})[]} points
 * @param {Spot[]} dots which names cover only where they must
 * @returns {(Label | null)[]} nothing where a name would cover another wherever it stood
 */
export function besides(points, dots) {
  /** @type {Box[]} */
  const taken = [];
  return points.map(({ x, y, text }) => {
    const width = DIGIT * text.length;
    const free = BESIDE.map(([dx, dy, anchor]) => {
      const left = x + dx - (anchor === "end" ? width : 0);
      return { dx, dy, anchor, left, right: left + width, top: y + dy - TALL, bottom: y + dy };
    }).filter((box) => !taken.some((other) => overlap(box, other)));
    const covered = (/** @type {Box} */ box) =>
      dots.filter(({ x, y }) => overlap(box, { left: x, right: x, top: y, bottom: y })).length;
    const best = free.sort((a, b) => covered(a) - covered(b))[0];
    if (!best) return null;
    taken.push(best);
    return { x: x + best.dx, y: y + best.dy, anchor: best.anchor };
  });
}

const overlap = (/** @type {Box} */ a, /** @type {Box} */ b) =>
  a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom;
