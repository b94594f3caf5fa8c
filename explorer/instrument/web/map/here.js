import { clamp } from "../clamp.js";
import { el } from "../dom.js";
import { svg } from "../svg.js";
import { across, down } from "./view.js";

/** How long a place stays in the trail, in milliseconds, and in how many steps it fades. */
const TRAIL_MS = 1400;
const FADES = 7;
const MOST_TRAIL = 120;

/** Dots of the trail are so far apart, in CSS pixels, and so solid at first. */
const GHOST_STEP = 14;
const GHOST = 0.35;

/** The arrow to a z that is out of sight stays so far inside. */
const EDGE = 12;

/** An attribute that is set is looked at by a browser even where it stays the same. @param {SVGPathElement} path @param {string} d */
function draw(path, d) {
  if (path.getAttribute("d") !== d) path.setAttribute("d", d);
}

/**
 * "You are here", and the way one came. Both are elements and no drawing on a canvas as large as the map: while a slider
 * is dragged, the browser then has only their few pixels to compose again.
 */
export function createHere() {
  const trail = svg("svg", { class: "map-layer map-trail", "aria-hidden": "true" });
  const lines = Array.from({ length: FADES }, (_, age) => {
    const share = 1 - age / FADES;
    const solid = { "stroke-opacity": (0.75 * share).toFixed(2), "stroke-width": (1 + 2.5 * share).toFixed(1) };
    const line = svg("path", solid);
    const ghosts = svg("path", { class: "map-ghosts", "stroke-opacity": (GHOST * share).toFixed(2) });
    trail.append(line, ghosts);
    return { line, ghosts };
  });
  const marker = el("div", { class: "map-here", "aria-hidden": "true", hidden: true });
  /** @type {{x: number, y: number, time: number}[]} */
  const places = [];
  /** @type {{x: number, y: number} | null} where z was last, however long ago */
  let last = null;
  let empty = true;

  /** @param {number} time */
  function fade(time) {
    while (places.length && time - places[0].time > TRAIL_MS) places.shift();
  }

  /** @param {import("./view.js").View} view @param {number} time */
  function drawTrail(view, time) {
    fade(time);
    if (empty && places.length < 2) return;
    empty = places.length < 2;
    const paths = lines.map(() => "");
    const dots = lines.map(() => "");
    let [dotX, dotY] = [Infinity, Infinity];
    for (let at = 1; at < places.length; at++) {
      const [from, to] = [places[at - 1], places[at]];
      const age = Math.min(FADES - 1, Math.floor((FADES * (time - to.time)) / TRAIL_MS));
      const [x, y] = [across(view, from.x), down(view, from.y)];
      const start = `M${x.toFixed(1)} ${y.toFixed(1)}`;
      paths[age] += `${start}L${across(view, to.x).toFixed(1)} ${down(view, to.y).toFixed(1)}`;
      if (Math.hypot(x - dotX, y - dotY) < GHOST_STEP) continue;
      [dotX, dotY] = [x, y];
      dots[age] += `${start}h0`;
    }
    lines.forEach(({ line, ghosts }, age) => {
      draw(line, paths[age]);
      draw(ghosts, dots[age]);
    });
  }

  /** @param {import("./view.js").View} view @param {ArrayLike<number>} here @param {boolean} lost */
  function drawMarker(view, here, lost) {
    const [x, y] = [across(view, here[0]), down(view, here[1])];
    const inside = (/** @type {number} */ value, /** @type {number} */ side) => clamp(value, EDGE, side - EDGE);
    const [inX, inY] = [inside(x, view.width), inside(y, view.height)];
    const isOut = inX !== x || inY !== y;
    const turn = isOut ? ` rotate(${Math.atan2(y - inY, x - inX).toFixed(2)}rad)` : "";
    marker.style.transform = `translate(${inX.toFixed(1)}px, ${inY.toFixed(1)}px)${turn}`;
    // z where the view does not reach: an arrow at the edge says where to look.
    const state = isOut ? "outside" : lost ? "lost" : "inside";
    if (marker.dataset.state !== state) marker.dataset.state = state;
    if (marker.hidden) marker.hidden = false;
  }

  return {
    elements: [trail, marker],
    /** @param {ArrayLike<number>} here @param {number} time */
    follow(here, time) {
      fade(time);
      // After a rest the way starts where z has rested.
      if (places.length === 0 && last) places.push({ ...last, time });
      last = { x: here[0], y: here[1] };
      places.push({ ...last, time });
      if (places.length > MOST_TRAIL) places.shift();
    },
    forget() {
      places.length = 0;
      last = null;
    },
    /**
     * @param {import("./view.js").View} view @param {ArrayLike<number> | null} here @param {boolean} lost
     * @param {number} time
     * @returns {boolean} whether the trail is still fading
     */
    draw(view, here, lost, time) {
      drawTrail(view, time);
      if (here) drawMarker(view, here, lost);
      return places.length > 1;
    },
  };
}
