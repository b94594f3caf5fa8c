import { context2d, el } from "../dom.js";

/**
 * Of a model that decodes slowly, the images of its filmstrips, to show while the hand moves.
 *
 * @param {import("../model/model.js").Model} model
 * @param {() => boolean} isSlow strips are kept only then
 */
export function createPreview(model, isSlow) {
  /** @type {Map<number, {canvas: HTMLCanvasElement, z: number[]}>} by latent, with the z that the strip was made around */
  const rows = new Map();
  return {
    /** @param {number} latent @param {ImageData} image @param {import("../model/model.js").Codes} codes */
    keep(latent, image, codes) {
      if (!isSlow()) return;
      const canvas = el("canvas", { width: image.width, height: image.height });
      // The worker gets the buffer back and writes the next strip into it.
      context2d(canvas).putImageData(image, 0, 0);
      rows.set(latent, { canvas, z: model.z({ codes }) });
    },
    /** @param {number[]} z @returns {{canvas: HTMLCanvasElement, column: number} | null} the image decoded nearest to it */
    nearest: (z) => nearestOf(rows, z, (latent) => model.latents[latent].steps),
  };
}

/**
 * @template Canvas
 * @param {Map<number, {canvas: Canvas, z: number[]}>} rows
 * @param {number[]} z
 * @param {(latent: number) => number[]} stepsOf
 * @returns {{canvas: Canvas, column: number} | null} of the strips that lead through z, the image that lies nearest to it
 */
export function nearestOf(rows, z, stepsOf) {
  let best = null;
  let least = Number.POSITIVE_INFINITY;
  for (const [latent, { canvas, z: around }] of rows) {
    if (z.some((value, other) => other !== latent && value !== around[other])) continue;
    stepsOf(latent).forEach((step, column) => {
      const far = Math.abs(step - z[latent]);
      if (far < least) [best, least] = [{ canvas, column }, far];
    });
  }
  return best;
}
