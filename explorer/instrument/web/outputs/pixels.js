import { context2d, el } from "../dom.js";
import { writeImage } from "../engine/pixels.js";

/**
 * The image, as large as it fits.
 *
 * @param {{model: import("../model/model.js").Model, onFit(width: number): void}} options `onFit` is given its width, in
 *   CSS pixels
 * @returns {import("./index.js").Output}
 */
export function createPixels({ model, onFit }) {
  const shape = /** @type {import("../engine/pixels.js").Shape} */ (model.shape);
  const [, height, width] = shape;
  const canvas = el("canvas", { class: "picture", role: "img", width, height });
  const frame = el("div", { class: "picture-frame" }, canvas);
  const context = context2d(canvas, { alpha: false });
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);

  // Whole multiples of a pixel keep every pixel of a small image the same size.
  const fit = new ResizeObserver(([{ contentRect }]) => {
    const dots = (window.devicePixelRatio || 1) * (canvas.currentCSSZoom ?? 1);
    const room = Math.min(contentRect.width / width, contentRect.height / height) * dots;
    const scale = (room >= 1 ? Math.floor(room) : room) / dots;
    canvas.style.width = `${width * scale}px`;
    canvas.style.height = `${height * scale}px`;
    // A margin leaves the size of the frame, which is what is watched here, as it is.
    frame.style.marginBottom = `${height * scale - contentRect.height}px`;
    onFit(width * scale);
  });
  fit.observe(frame);

  return {
    element: frame,
    canvas,
    draw(values) {
      writeImage(values, 0, shape, pixels, width, 0);
      context.putImageData(image, 0, 0);
    },
    preview: (strip, column) => context.drawImage(strip, column * width, 0, width, height, 0, 0, width, height),
    describe: (text) => canvas.setAttribute("aria-label", text),
    destroy: () => fit.disconnect(),
  };
}
