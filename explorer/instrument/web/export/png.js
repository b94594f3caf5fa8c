import { context2d, latentName, spell, spellKl } from "../dom.js";
import { present } from "../present.js";
import { saveBlob } from "./save-blob.js";

const LEAST_PIXELS = 512;
const CELL_PIXELS = 84;
const FONT = "system-ui, sans-serif";

/** @param {HTMLCanvasElement} picture @returns {HTMLCanvasElement} enlarged by a whole number, every pixel a square */
export function enlarge(picture) {
  const scale = Math.max(1, Math.ceil(LEAST_PIXELS / Math.max(picture.width, picture.height)));
  const canvas = blank(picture.width * scale, picture.height * scale);
  const context = context2d(canvas);
  context.imageSmoothingEnabled = false;
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/**
 * The traversals on white, with the names of the latents, the values of the steps and what was held.
 *
 * @param {{latent: import("../model/latents.js").Latent, canvas: HTMLCanvasElement}[]} rows
 * @param {import("../model/model.js").Model} model
 * @param {string[]} columns what the steps are called
 * @param {number[]} z
 * @returns {HTMLCanvasElement}
 */
export function drawGrid(rows, { card, shape }, columns, z) {
  const [, height, width] = present(shape);
  const scale = Math.max(1, Math.round(CELL_PIXELS / width));
  const [cellWidth, cellHeight] = [width * scale, height * scale];
  const [left, top, edge, foot] = [132, 84, 24, 48];
  const canvas = blank(left + columns.length * cellWidth + edge, top + rows.length * cellHeight + foot);
  const context = context2d(canvas);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#1d2329";
  context.font = `600 22px ${FONT}`;
  context.fillText(card.title, edge, 38);
  const titleWidth = context.measureText(card.title).width;
  context.font = `16px ${FONT}`;
  context.fillText(card.summary, edge + titleWidth + 14, 38);
  context.textAlign = "center";
  columns.forEach((text, column) => context.fillText(text, left + (column + 0.5) * cellWidth, top - 12));
  context.textAlign = "left";
  context.imageSmoothingEnabled = false;
  rows.forEach(({ latent, canvas: picture }, row) => {
    const middle = top + (row + 0.5) * cellHeight;
    context.font = `600 18px ${FONT}`;
    context.fillText(latent.name, edge, middle - 3);
    context.font = `14px ${FONT}`;
    if (latent.kl !== null) context.fillText(`${spellKl(latent.kl)} nats`, edge, middle + 18);
    context.drawImage(picture, left, top + row * cellHeight, columns.length * cellWidth, cellHeight);
  });
  context.font = `14px ${FONT}`;
  const held = z.map((value, latent) => `${latentName(latent)} ${spell(value)}`).join("  ");
  context.fillText(`All others at  ${held}`, edge, canvas.height - 18, canvas.width - 2 * edge);
  return canvas;
}

/** @param {HTMLCanvasElement} canvas @param {string} name */
export async function save(canvas, name) {
  /** @type {Blob | null} */
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  saveBlob(present(blob), name);
}

/** @param {number} width @param {number} height */
function blank(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}
