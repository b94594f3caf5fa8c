import { present } from "../present.js";
import { finalOf, methodsOf, metricOf, rungsOf, runsOf } from "./table.js";

/**
 * Every trained model of the table as a point: the number of a metric, and its row's place from left to right.
 *
 * @typedef {{recipe: string, seed: number, value: number, place: number}} Point
 */

/** The gap between the rungs over β and the other objectives, in places. */
const GAP = 0.6;

/**
 * @param {import("./table.js").Table} table
 * @returns {{row: import("./table.js").Row, place: number}[]} the rows that have runs, with their places from 0 on
 */
export function placesOf(table) {
  const rungs = rungsOf(table);
  const methods = methodsOf(table);
  const gap = rungs.length ? GAP : 0;
  return [
    ...rungs.map((row, place) => ({ row, place })),
    ...methods.map((row, at) => ({ row, place: rungs.length + gap + at })),
  ];
}

/** @param {import("./table.js").Table} table @param {string} metric @returns {Point[]} */
export function pointsOf(table, metric) {
  return placesOf(table).flatMap(({ row, place }) =>
    runsOf(table, row.recipe).flatMap((run) => {
      const found = metricOf(finalOf(run), metric);
      return found ? [{ recipe: row.recipe, seed: run.seed, value: found.value, place }] : [];
    }),
  );
}

/** @param {number[]} values at least one @returns {number} */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @param {number} low
 * @param {number} high
 * @param {number} most
 * @returns {number[]} round numbers from `low` to `high`, at most `most` of them
 */
export function ticks(low, high, most) {
  const rough = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = present([1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}
