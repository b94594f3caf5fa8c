/**
 * Strokes on a canvas, a whole number of its pixels for each pixel of the model's image.
 *
 * @typedef {{colour: string | null, size: number, points: number[]}} Stroke `colour` is null for the eraser; `size` in
 *   pixels of the image; `points` are x, y, x, y … in the same
 * @typedef {ReturnType<typeof createDrawing>} Drawing
 */

/** As fine as a finger or pen can steer, and quick to read back. */
const FINEST = 320;

/**
 * @param {import("./pixels.js").Shape} shape
 * @param {HTMLCanvasElement} canvas
 */
export function createDrawing([, height, width], canvas) {
  const scale = Math.max(1, Math.floor(FINEST / Math.max(height, width)));
  canvas.width = scale * width;
  canvas.height = scale * height;
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  let ground = "#000";

  /** The end of a stroke, from its last point but one. @param {Stroke} stroke @param {number} from index of a point */
  function extend({ colour, size, points }, from) {
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = size * scale;
    context.strokeStyle = colour ?? ground;
    for (let at = Math.max(0, from); at < points.length / 2; at++) {
      const before = Math.max(0, at - 1);
      context.beginPath();
      context.moveTo(points[2 * before] * scale, points[2 * before + 1] * scale);
      // A line of no length would draw no dot.
      context.lineTo(points[2 * at] * scale + (before === at ? 0.01 : 0), points[2 * at + 1] * scale);
      context.stroke();
    }
  }

  function clear() {
    context.fillStyle = ground;
    context.fillRect(0, 0, canvas.width, canvas.height);
  }

  clear();
  return {
    extend,
    /** @param {Stroke[]} strokes */
    redraw(strokes) {
      clear();
      for (const stroke of strokes) extend(stroke, 0);
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
