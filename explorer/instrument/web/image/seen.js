import { context2d, el } from "../dom.js";
import { writeImage } from "../engine/pixels.js";

/**
 * The image as the model gets it, beside what a person gave.
 *
 * @param {import("../engine/pixels.js").Shape} shape
 */
export function createSeen(shape) {
  const [, height, width] = shape;
  const canvas = el("canvas", {
    class: "seen",
    role: "img",
    width,
    height,
    "aria-label": "What the model sees",
  });
  const context = context2d(canvas, { alpha: false });
  const image = new ImageData(width, height);
  const packed = new Uint32Array(image.data.buffer);
  return {
    element: el(
      "div",
      { class: "seen-place" },
      canvas,
      el("span", { class: "hint", text: `What the model sees, ${width}\u00a0×\u00a0${height}` }),
    ),
    /** @param {Float32Array} pixels C×H×W in [0, 1] */
    draw(pixels) {
      writeImage(pixels, 0, shape, packed, width, 0);
      context.putImageData(image, 0, 0);
    },
  };
}
