import { spell } from "../dom.js";
import { across, down, planeX, planeY } from "./view.js";

/** Ticks are at least so far apart, in CSS pixels, and so long. */
const APART = 44;
const LENGTH = 5;

/**
 * @param {number} scale CSS pixels to a unit
 * @returns {number} the smallest of 1, 2, 5, 10 … and their tenths that keeps ticks apart
 */
export function tickStep(scale) {
  const least = APART / scale;
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((by) => by * power).find((step) => step >= least * (1 - 1e-9)) ?? 10 * power;
}

/**
 * @param {number} from
 * @param {number} to
 * @param {number} step
 * @returns {number[]} the multiples of the step from one to the other
 */
export function ticksBetween(from, to, step) {
  const first = Math.ceil(from / step - 1e-9);
  const count = Math.floor(to / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, at) => (first + at) * step);
}

/**
 * The axes of a plane of two latents: ticks with their values along the lower and the left edge, a line through each zero,
 * and the names.
 *
 * @param {CanvasRenderingContext2D} context in CSS pixels
 * @param {import("./view.js").View} view
 * @param {[string, string]} names of the latents
 * @param {{ink: string, paper: string}} colours
 */
export function drawAxes(context, view, [nameX, nameY], { ink, paper }) {
  const step = tickStep(view.scale);
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  const { width, height } = view;
  context.lineWidth = 1;
  context.strokeStyle = ink;
  context.globalAlpha = 0.18;
  context.beginPath();
  const [zeroX, zeroY] = [across(view, 0), down(view, 0)];
  context.moveTo(zeroX, 0);
  context.lineTo(zeroX, height);
  context.moveTo(0, zeroY);
  context.lineTo(width, zeroY);
  context.stroke();
  context.globalAlpha = 0.75;
  context.font = "12px system-ui, sans-serif";
  context.fillStyle = ink;
  context.beginPath();

  /** On any ground. @param {string} text @param {number} x @param {number} y */
  function write(text, x, y) {
    context.lineWidth = 3;
    context.strokeStyle = paper;
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
  }

  const columns = ticksBetween(planeX(view, 0), planeX(view, width), step);
  const rows = ticksBetween(planeY(view, height), planeY(view, 0), step);
  for (const x of columns) {
    context.moveTo(across(view, x), height);
    context.lineTo(across(view, x), height - LENGTH);
  }
  for (const y of rows) {
    context.moveTo(0, down(view, y));
    context.lineTo(LENGTH, down(view, y));
  }
  context.stroke();
  context.textAlign = "center";
  context.textBaseline = "bottom";
  // Near a corner a value would stand under the name of its axis, or be cut off.
  for (const x of columns) {
    const place = across(view, x);
    if (place > 22 && place < width - 30) write(spell(x, decimals), place, height - LENGTH - 1);
  }
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const y of rows) {
    const place = down(view, y);
    if (place > 30 && place < height - 22) write(spell(y, decimals), LENGTH + 3, place);
  }
  context.globalAlpha = 1;
  context.font = "600 13px system-ui, sans-serif";
  context.textAlign = "right";
  context.textBaseline = "bottom";
  write(nameX, width - 6, height - LENGTH);
  context.textAlign = "left";
  context.textBaseline = "top";
  write(nameY, 6, 6);
}
