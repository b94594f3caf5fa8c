import { context2d, el, latentName, spell } from "./dom.js";
import { allFinite, writeImage } from "./engine/pixels.js";
import { newestWins } from "./engine/scheduler.js";
import { trace } from "./trace.js";

/**
 * The big image, decoded here on the main thread: no message to a worker and back lies between the pointer and it.
 *
 * @param {{decoder: import("./engine/session.js").Decoder, shape: import("./engine/pixels.js").Shape, latents: number,
 *   title: string, onFirst(): void, onFit(width: number): void, onNoNumbers(): void,
 *   onFailure(error: unknown): void}} options
 */
export function createPicture({ decoder, shape, latents, title, onFirst, onFit, onNoNumbers, onFailure }) {
  const [, height, width] = shape;
  const canvas = el("canvas", { class: "picture", role: "img", width, height });
  const frame = el("div", { class: "picture-frame" }, canvas);
  const context = context2d(canvas, { alpha: false });
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const code = new Float32Array(latents);
  let isFirst = true;

  const queue = newestWins(async ({ z, time }) => {
    code.set(z);
    const values = await decoder.decode(code, 1);
    if (!allFinite(values)) onNoNumbers();
    writeImage(values, 0, shape, pixels, width, 0);
    context.putImageData(image, 0, 0);
    trace("instrument:paint", { since: time });
    if (isFirst) onFirst();
    isFirst = false;
  }, onFailure);

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
    /** @param {number[]} z @param {number} time when the input happened that asks for it */
    show: (z, time) => queue.request({ z, time }),
    /** @param {number[]} z */
    describe(z) {
      const where = z.map((value, latent) => `${latentName(latent)} ${spell(value)}`).join(", ");
      canvas.setAttribute("aria-label", `Image that ${title} decodes at ${where}`);
    },
    destroy: () => fit.disconnect(),
  };
}
