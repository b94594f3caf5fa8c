import { context2d } from "../dom.js";

/**
 * Strokes on a canvas, a whole number of its pixels for each pixel of the model's image.
 *
 * @typedef {{colour: string | null, size: number, points: number[], ground: import("./ground.js").Ground}} Stroke `colour`
 *   is null for the eraser; `size` in pixels of the image; `points` are x, y, x, y … in the same; `ground` is what it is on
 * @typedef {ReturnType<typeof createDrawing>} Drawing
 */

/** As fine as a finger or pen can steer, and quick to read back. */
const FINEST = 320;

/**
 * @param {import("../engine/pixels.js").Shape} shape
 * @param {HTMLCanvasElement} canvas
 */
export function createDrawing([, height, width], canvas) {
  const scale = Math.max(1, Math.floor(FINEST / Math.max(height, width)));
  canvas.width = scale * width;
  canvas.height = scale * height;
  const context = context2d(canvas, { alpha: false, willReadFrequently: true });
  let ground = "#000";

  /** What was there before the stroke that is being drawn. @type {ImageData | null} */
  let before = null;

  /** As one line, so that its edges are smooth where its parts meet. @param {Stroke} stroke */
  function line({ colour, size, points }) {
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = size * scale;
    context.strokeStyle = colour ?? ground;
    context.beginPath();
    context.moveTo(points[0] * scale, points[1] * scale);
    // A line of no length would draw no dot.
    context.lineTo(points[0] * scale + 0.01, points[1] * scale);
    for (let at = 2; at < points.length; at += 2) context.lineTo(points[at] * scale, points[at + 1] * scale);
    context.stroke();
  }

  function clear() {
    context.fillStyle = ground;
    context.fillRect(0, 0, canvas.width, canvas.height);
  }

  clear();
  return {
    /** Draws a stroke anew for as long as it grows. @param {Stroke} stroke */
    extend(stroke) {
      before ??= context.getImageData(0, 0, canvas.width, canvas.height);
      context.putImageData(before, 0, 0);
      line(stroke);
    },
    end() {
      before = null;
    },
    /** @param {Stroke[]} strokes */
    redraw(strokes) {
      before = null;
      clear();
      strokes.forEach(line);
    },
    /** @param {number} grey in [0, 1] of what is drawn on; draws nothing */
    setGround(grey) {
      const byte = Math.round(255 * grey);
      ground = `rgb(${byte} ${byte} ${byte})`;
    },
    /** @returns {import("./resample.js").Source} what is drawn now */
    read() {
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      const line = 4 * canvas.width;
      return {
        width: canvas.width,
        height: canvas.height,
        rows: (top, count) => data.subarray(top * line, (top + count) * line),
      };
    },
  };
}
