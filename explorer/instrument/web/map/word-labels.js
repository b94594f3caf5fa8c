import { chooseApart } from "./mosaic.js";
import { across, down } from "./view.js";

/** Size of a word, in CSS pixels, and the room that one takes. */
const FONT = 12;
const ROOM = { width: 64, height: 26 };

/** The words of some points, where they have room: more of them the closer one is. It stands where thumbnails do for images. */
export function createWordLabels() {
  /** @type {readonly string[]} */
  let words = [];
  let level = NaN;
  /** @type {number[]} */
  let chosen = [];

  return {
    /** @param {readonly string[]} next the word of each point */
    set(next) {
      words = next;
      level = NaN;
    },
    /** After points or filter have changed. */
    renew: () => void (level = NaN),
    /**
     * @param {CanvasRenderingContext2D} context in CSS pixels
     * @param {import("./view.js").View} view
     * @param {Float32Array} points
     * @param {(index: number) => boolean} shown
     * @param {{ink: string, paper: string}} colours
     */
    draw(context, view, points, shown, { ink, paper }) {
      const now = Math.floor(4 * Math.log2(view.scale));
      if (now !== level) {
        const scale = 2 ** (now / 4);
        chosen = chooseApart(points, shown, ROOM.width / scale, ROOM.height / scale);
        level = now;
      }
      context.font = `${FONT}px system-ui, sans-serif`;
      context.textAlign = "center";
      context.textBaseline = "bottom";
      context.lineWidth = 3;
      context.lineJoin = "round";
      context.strokeStyle = paper;
      context.fillStyle = ink;
      for (const index of chosen) {
        const [x, y] = [across(view, points[2 * index]), down(view, points[2 * index + 1])];
        if (x < -ROOM.width || x > view.width + ROOM.width || y < 0 || y > view.height + ROOM.height) continue;
        context.strokeText(words[index] ?? "", x, y - 4);
        context.fillText(words[index] ?? "", x, y - 4);
      }
    },
  };
}
