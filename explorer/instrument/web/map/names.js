import { clamp } from "../clamp.js";
import { across, down } from "./view.js";

/** Height of a name, in CSS pixels, and how far the middle of the marker of z stays from the middle of one. */
const LINE = 16;
const CLEAR = 20;

/** @typedef {{index: number, name: string, x: number, y: number}} Name of a class, at a place of the plane */

/** The names of classes on the map. */
export function createNames() {
  /** @type {Name[]} */
  let names = [];
  /** The name that z would hide, and by how much it makes way. */
  const aside = { index: -1, by: 0 };

  return {
    /** @param {Name[]} next */
    set: (next) => void (names = next),
    /**
     * A name makes way for z, up or down.
     *
     * @param {ArrayLike<number> | null} here where z is @param {import("./view.js").View} view
     * @returns {boolean} whether the names have to be drawn anew
     */
    makeWay(here, view) {
      const near = (/** @type {ArrayLike<number>} */ z) =>
        names.find(({ x, y }) => Math.abs(z[0] - x) * view.scale < CLEAR && Math.abs(z[1] - y) * view.scale < CLEAR);
      const name = here && near(here);
      // The plane's y goes up.
      const by = !name ? 0 : here[1] > name.y ? CLEAR : -CLEAR;
      const index = name?.index ?? -1;
      if (index === aside.index && by === aside.by) return false;
      Object.assign(aside, { index, by });
      return true;
    },
    /**
     * @param {CanvasRenderingContext2D} context in CSS pixels @param {import("./view.js").View} view
     * @param {number} beyond so much of it lies out of sight at either side
     * @param {{ink: string, paper: string}} colours @param {(index: number) => boolean} isHidden
     */
    draw(context, view, beyond, { ink, paper }, isHidden) {
      context.font = "600 13px system-ui, sans-serif";
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.lineWidth = 4;
      context.lineJoin = "round";
      context.strokeStyle = paper;
      context.fillStyle = ink;
      /** @type {{x: number, y: number, half: number}[]} */
      const written = [];
      for (const { index, name, x, y } of names) {
        if (isHidden(index)) continue;
        const middle = down(view, y) + (index === aside.index ? aside.by : 0);
        const half = context.measureText(name).width / 2 + 3;
        const spot = { x: within(across(view, x), view, beyond, half), y: middle, half };
        const isFree = (/** @type {{x: number, y: number, half: number}} */ other) =>
          Math.abs(other.x - spot.x) > other.half + spot.half || Math.abs(other.y - spot.y) > LINE;
        // Of two names in one place neither could be read; closer by there is room for both.
        if (!written.every(isFree)) continue;
        written.push(spot);
        context.strokeText(name, spot.x, spot.y);
        context.fillText(name, spot.x, spot.y);
      }
    },
  };
}

/** Where a point is in sight, all of its name is. @param {number} x @param {import("./view.js").View} view @param {number} beyond @param {number} half */
function within(x, view, beyond, half) {
  const [left, right] = [beyond, view.width - beyond];
  return x < left || x > right || 2 * half > right - left ? x : clamp(x, left + half, right - half);
}
