import { clamp } from "../clamp.js";
import { context2d, el, latentName } from "../dom.js";
import { classColours } from "../map/colours.js";
import { readTheme } from "../map/theme.js";
import { arrowStep } from "../page/keyboard.js";
import { strongest } from "./grown.js";

const SIDE = 320;

/**
 * Where the growing model has the first validation images, on its two strongest latents; z follows the pointer.
 *
 * @param {{onMove(values: Record<number, number>): void}} options by latent
 */
export function createPlane({ onMove }) {
  const canvas = el("canvas", { class: "train-plane", width: SIDE, height: SIDE, tabindex: 0, role: "application" });
  const words = el("p", { class: "train-plane-words" });
  const legend = el("p", { class: "train-legend" });
  const element = el("figure", { class: "train-map" }, el("h3", { text: "Map" }), canvas, legend, words);
  /** @type {import("./grown.js").Facts | null} */
  let facts = null;
  /** @type {number[]} */
  let z = [];
  /** @type {number[]} the latents across and up */
  let axes = [];
  let range = 3.5;

  /** @param {number[]} code @returns {[number, number]} across and up; of one latent, on the line in the middle */
  const place = (code) => [code[axes[0]], axes.length > 1 ? code[axes[1]] : 0];
  const toX = (/** @type {number} */ value) => (0.5 + value / (2 * range)) * SIDE;
  const toY = (/** @type {number} */ value) => (0.5 - value / (2 * range)) * SIDE;

  function draw() {
    if (!facts) return;
    const context = context2d(canvas);
    const { ink, dark } = readTheme(canvas);
    const { codes, targets } = facts;
    const colours = classColours(Math.max(...targets) + 1, dark);
    context.clearRect(0, 0, SIDE, SIDE);
    context.strokeStyle = ink;
    context.globalAlpha = 0.18;
    context.beginPath();
    context.moveTo(toX(0), 0);
    context.lineTo(toX(0), SIDE);
    context.moveTo(0, toY(0));
    context.lineTo(SIDE, toY(0));
    context.stroke();
    context.globalAlpha = 0.85;
    codes.forEach((code, at) => {
      context.fillStyle = `rgb(${colours[targets[at]].join(" ")})`;
      const [across, up] = place(code);
      context.fillRect(toX(across) - 1.5, toY(up) - 1.5, 3.5, 3.5);
    });
    context.globalAlpha = 1;
    context.lineWidth = 2;
    context.beginPath();
    const [across, up] = place(z);
    context.arc(toX(across), toY(up), 7, 0, 2 * Math.PI);
    context.stroke();
  }

  /** @param {PointerEvent} event */
  function follow(event) {
    const box = canvas.getBoundingClientRect();
    const across = ((event.clientX - box.left) / box.width - 0.5) * 2 * range;
    const up = (0.5 - (event.clientY - box.top) / box.height) * 2 * range;
    move(across, up);
  }

  /** @param {number} across @param {number} up */
  function move(across, up) {
    const values = [clamp(across, -range, range), clamp(up, -range, range)];
    onMove(Object.fromEntries(axes.map((latent, at) => [latent, values[at]])));
  }

  canvas.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    canvas.focus();
    canvas.setPointerCapture(event.pointerId);
    if (facts) follow(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (facts && canvas.hasPointerCapture(event.pointerId)) follow(event);
  });
  canvas.addEventListener("keydown", (event) => {
    const by = arrowStep(event.key);
    if (!by || !facts) return;
    event.preventDefault();
    const step = range / 35;
    const [across, up] = place(z);
    move(across + by[0] * step, up + by[1] * step);
  });

  return {
    element,
    /** @param {import("./grown.js").Facts} next @param {number[]} at */
    grow(next, at) {
      [facts, z] = [next, at];
      // Of two, as on the sheet beside it; of more, those that tell most of an image.
      axes = next.mean.length === 2 ? [0, 1] : strongest(next).slice(0, 2);
      const furthest = next.codes.flatMap((code) => axes.map((latent) => Math.abs(code[latent]))).sort((a, b) => a - b);
      range = Math.max(3, 1.1 * (furthest[Math.floor(0.98 * (furthest.length - 1))] ?? 0));
      const names = axes.map(latentName);
      canvas.setAttribute("aria-label", `Map of ${names.join(" and ")}: arrow keys move z`);
      words.textContent = `${next.codes.length} images that it does not learn from, placed by ${names.join(" and ")}. Drag to decode any place.`;
      const colours = classColours((next.labels ?? []).length, readTheme(canvas).dark);
      legend.replaceChildren(
        ...(next.labels ?? []).map((label, of) =>
          el("span", { class: "train-label" }, el("i", { style: `background: rgb(${colours[of].join(" ")})` }), label),
        ),
      );
      draw();
    },
    /** @param {number[]} at */
    show(at) {
      z = at;
      draw();
    },
  };
}
