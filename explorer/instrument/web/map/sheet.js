import { context2d } from "../dom.js";
import { newestWins } from "../engine/scheduler.js";
import { trace } from "../trace.js";
import { across, down } from "./view.js";

/** Images along each side of a sheet. */
export const CELLS = 30;

/** Lines of the sheet that are asked for at once: between two of them the filmstrips have their turn. */
const LINES = 3;

/** The sheet follows z and the view once they have rested for so long. */
const REST_MS = 200;

/** Of a model that makes no images. @type {Sheet} */
export const NO_SHEET = { ask() {}, forget() {}, draw() {} };

/** @typedef {ReturnType<typeof createSheet>} Sheet */

/** @typedef {{left: number, top: number, width: number, height: number}} Area of a plane */

/**
 * The plane of two latents itself, decoded: images of 30 × 30 codes, all other latents as in z.
 *
 * @param {{shape: import("../engine/pixels.js").Shape,
 *   decode(codes: number[][], columns: number): Promise<ImageData | null>, onDrawn(): void}} options
 */
export function createSheet({ shape, decode, onDrawn }) {
  const [, height, width] = shape;
  const canvas = document.createElement("canvas");
  canvas.width = CELLS * width;
  canvas.height = CELLS * height;
  const context = context2d(canvas, { alpha: false });
  /** @type {Area | null} the part of the plane that is drawn */
  let area = null;
  let stale = false;
  let timer = 0;
  /** What was asked for before the sheet was put away is not to come back. */
  let round = 0;

  const queue = newestWins(
    async ({ plane, z, part, of }, overtaken) => {
      for (let line = 0; line < CELLS; line += LINES) {
        const codes = [];
        for (let at = line * CELLS; at < (line + LINES) * CELLS; at++) {
          const x = part.left + (((at % CELLS) + 0.5) * part.width) / CELLS;
          const y = part.top - ((Math.floor(at / CELLS) + 0.5) * part.height) / CELLS;
          codes.push(plane.inverse(x, y, z));
        }
        const image = await decode(codes, CELLS);
        if (!image || overtaken() || of !== round) return;
        // The first lines of a new place wipe the old sheet, whose codes lie elsewhere.
        if (line === 0 && !same(area, part)) context.clearRect(0, 0, canvas.width, canvas.height);
        if (line === 0) area = part;
        context.putImageData(image, 0, line * height);
        onDrawn();
      }
      stale = false;
      trace("instrument:sheet", { detail: { z } });
      onDrawn();
    },
    (error) => console.error(error),
  );

  /** The largest part of the view whose cells are as wide as the images are. @param {import("./view.js").View} view */
  function partOf(view) {
    const ratio = width / height;
    const tall = Math.min(view.height, view.width / ratio) / view.scale;
    const wide = tall * ratio;
    return { left: view.x - wide / 2, top: view.y + tall / 2, width: wide, height: tall };
  }

  return {
    /**
     * Decodes the part of the plane that is in view.
     *
     * @param {import("./plane.js").Plane} plane @param {number[]} z @param {import("./view.js").View} view
     * @param {number} [rest] milliseconds to wait for something newer
     */
    ask(plane, z, view, rest = REST_MS) {
      clearTimeout(timer);
      stale = area !== null;
      timer = setTimeout(() => queue.request({ plane, z, part: partOf(view), of: round }), rest);
    },
    forget() {
      clearTimeout(timer);
      round++;
      area = null;
    },
    /** @param {CanvasRenderingContext2D} onto in CSS pixels @param {import("./view.js").View} view */
    draw(onto, view) {
      if (!area) return;
      onto.imageSmoothingEnabled = (area.width * view.scale) / CELLS < width;
      onto.globalAlpha = stale ? 0.5 : 1;
      const [wide, tall] = [area.width * view.scale, area.height * view.scale];
      onto.drawImage(canvas, across(view, area.left), down(view, area.top), wide, tall);
      onto.globalAlpha = 1;
    },
  };
}

/** @param {Area | null} a @param {Area} b */
function same(a, b) {
  return a !== null && a.left === b.left && a.top === b.top && a.width === b.width;
}
