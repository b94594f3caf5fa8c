import { across, down } from "./map-view.js";

/** How long a place stays in the trail, in milliseconds. */
const TRAIL_MS = 1400;
const MOST_TRAIL = 120;

/** The arrow to a z that is out of sight stays so far inside. */
const EDGE = 12;

/**
 * What lies over the points and may change with every frame.
 *
 * @typedef {object} Scene
 * @property {ArrayLike<number> | null} here where z is
 * @property {boolean} lost z has left the data
 * @property {[number, number] | null} held where z is while another is only looked at
 * @property {{x: number, y: number, radius: number, ring: [number, number] | null} | null} hover in CSS pixels; `ring` is
 *   around a point of the plane
 * @property {[number, number][]} path
 * @property {Record<string, [number, number]>} pins
 * @property {boolean} aimed a cross marks the middle, where Enter goes
 */

/** @param {HTMLCanvasElement} canvas */
export function createOverlay(canvas) {
  const context = canvas.getContext("2d");
  /** @type {{x: number, y: number, time: number}[]} */
  const trail = [];

  /** @param {import("./map-view.js").View} view */
  function clear(view) {
    const [width, height] = [Math.round(view.width * view.dots), Math.round(view.height * view.dots)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    context.setTransform(view.dots, 0, 0, view.dots, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
  }

  function disc(x, y, radius) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }

  /** On any ground: a line of the page's colour below one of its own. */
  function outlined(colour, width, paper) {
    context.lineWidth = width + 2;
    context.strokeStyle = paper;
    context.stroke();
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }

  function drawTrail(view, time, accent) {
    while (trail.length && time - trail[0].time > TRAIL_MS) trail.shift();
    context.lineCap = "round";
    context.strokeStyle = accent;
    for (let at = 1; at < trail.length; at++) {
      const share = 1 - (time - trail[at].time) / TRAIL_MS;
      context.globalAlpha = 0.75 * share;
      context.lineWidth = 1 + 2.5 * share;
      context.beginPath();
      context.moveTo(across(view, trail[at - 1].x), down(view, trail[at - 1].y));
      context.lineTo(across(view, trail[at].x), down(view, trail[at].y));
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  function drawPath(view, path, { ink, paper }) {
    if (path.length < 2) return;
    context.beginPath();
    path.forEach(([x, y], at) => context[at ? "lineTo" : "moveTo"](across(view, x), down(view, y)));
    context.lineJoin = "round";
    outlined(ink, 1.6, paper);
  }

  function drawPins(view, pins, { ink, paper }) {
    for (const [name, place] of Object.entries(pins)) {
      context.font = "600 12px system-ui, sans-serif";
      context.textAlign = "center";
      context.textBaseline = "middle";
      const [x, y] = [across(view, place[0]), down(view, place[1])];
      disc(x, y, 9);
      context.fillStyle = ink;
      context.fill();
      context.lineWidth = 2;
      context.strokeStyle = paper;
      context.stroke();
      context.fillStyle = paper;
      context.fillText(name.toUpperCase(), x, y + 0.5);
    }
  }

  function drawHere(view, here, lost, { accent, paper }) {
    const [x, y] = [across(view, here[0]), down(view, here[1])];
    const inside = (value, side) => Math.min(side - EDGE, Math.max(EDGE, value));
    const [inX, inY] = [inside(x, view.width), inside(y, view.height)];
    if (inX !== x || inY !== y) return drawOutside(inX, inY, Math.atan2(y - inY, x - inX), accent, paper);
    disc(x, y, 7);
    context.fillStyle = lost ? paper : accent;
    context.fill();
    context.setLineDash(lost ? [3, 2.5] : []);
    context.lineWidth = lost ? 2.5 : 2;
    context.strokeStyle = lost ? accent : paper;
    context.stroke();
    context.setLineDash([]);
    disc(x, y, lost ? 2 : 9);
    if (lost) {
      context.fillStyle = accent;
      context.fill();
    } else {
      context.lineWidth = 1.5;
      context.strokeStyle = accent;
      context.stroke();
    }
  }

  /** z is where the view does not reach: an arrow at the edge says where to look. */
  function drawOutside(x, y, angle, accent, paper) {
    context.save();
    context.translate(x, y);
    context.rotate(angle);
    context.beginPath();
    context.moveTo(9, 0);
    context.lineTo(-5, -7);
    context.lineTo(-5, 7);
    context.closePath();
    outlined(accent, 1.5, paper);
    context.fillStyle = accent;
    context.fill();
    context.restore();
  }

  function drawHover(view, { x, y, radius, ring }, { ink, paper, accent }) {
    disc(x, y, Math.max(radius, 3));
    context.lineWidth = 1;
    context.strokeStyle = ink;
    context.globalAlpha = 0.55;
    context.stroke();
    context.globalAlpha = 1;
    if (!ring) return;
    disc(across(view, ring[0]), down(view, ring[1]), 7);
    outlined(accent, 2, paper);
  }

  return {
    /** @param {ArrayLike<number>} here @param {number} time */
    follow(here, time) {
      trail.push({ x: here[0], y: here[1], time });
      if (trail.length > MOST_TRAIL) trail.shift();
    },
    forget: () => void trail.splice(0),
    /** @returns {boolean} whether the trail is still fading */
    draw(view, scene, colours, time) {
      clear(view);
      drawPath(view, scene.path, colours);
      drawTrail(view, time, colours.accent);
      if (scene.held) {
        disc(across(view, scene.held[0]), down(view, scene.held[1]), 6);
        outlined(colours.accent, 1.5, colours.paper);
      }
      drawPins(view, scene.pins, colours);
      if (scene.here) drawHere(view, scene.here, scene.lost, colours);
      if (scene.hover) drawHover(view, scene.hover, colours);
      if (scene.aimed) {
        const [x, y] = [view.width / 2, view.height / 2];
        context.beginPath();
        for (const [dx, dy] of [[9, 0], [0, 9]]) {
          context.moveTo(x - dx, y - dy);
          context.lineTo(x + dx, y + dy);
        }
        outlined(colours.ink, 1.5, colours.paper);
      }
      return trail.length > 1;
    },
  };
}
