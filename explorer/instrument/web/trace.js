/**
 * What the tests and benchmarks wait for and measure. All of it stands on the page's performance timeline, so that a
 * browser's own profiler shows it too.
 *
 * - instrument:first-image  the first image of a model is painted
 * - instrument:paint        an image is painted; since the input that asked for it
 * - instrument:grid         filmstrips and grid show what lies around `z`
 * - instrument:posterior    `mean` and `std` of another image stand on the sliders; nothing: no image's do
 * - instrument:ground       what is drawn or uploaded lies on what the test images lie on
 * - instrument:map          the points of the map are drawn for the first time
 * - instrument:here         z has its place on the map; since its search began
 * - instrument:hover        the image under the pointer is shown; since the pointer moved
 * - instrument:sheet        the decoded sheet is whole, the other latents as in `z`
 * - ladder:image            the image is painted; since it was asked for
 * - ladder:rows             so are the rows
 * - ladder:shown            all that is seen is of the model `key`
 *
 * @typedef {"instrument:first-image" | "instrument:paint" | "instrument:grid" | "instrument:posterior" |
 *   "instrument:ground" | "instrument:map" | "instrument:here" | "instrument:hover" | "instrument:sheet" |
 *   "ladder:image" | "ladder:rows" | "ladder:shown"} Traced
 */

/** The browser drops no entry by itself: an hour of dragging would keep 200,000. */
const KEPT = 5000;
const KEPT_DETAILS = 500;

/** @type {Map<Traced, number>} */
const counts = new Map();

/**
 * @param {Traced} name
 * @param {{since?: number, detail?: unknown}} [more] `since` makes a measure of what else is a mark
 */
export function trace(name, { since, detail } = {}) {
  const count = counts.get(name) ?? 0;
  const isFull = count >= (detail === undefined ? KEPT : KEPT_DETAILS);
  counts.set(name, isFull ? 1 : count + 1);
  if (since === undefined) {
    if (isFull) performance.clearMarks(name);
    performance.mark(name, { detail });
  } else {
    if (isFull) performance.clearMeasures(name);
    performance.measure(name, { start: since, end: performance.now(), detail });
  }
}
