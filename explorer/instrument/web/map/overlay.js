import { context2d } from "../dom.js";
import { drawAxes } from "./axes.js";
import { across, down } from "./view.js";

/**
 * What lies over the points and changes now and then.
 *
 * @typedef {object} Scene
 * @property {boolean} changed since it was drawn
 * @property {[number, number] | null} held where z is while another is only looked at
 * @property {{x: number, y: number, radius: number, ring: [number, number] | null} | null} hover in CSS pixels; `ring` is
 *   around a point of the plane
 * @property {[number, number][]} path
 * @property {number} jump steps of the path that are longer, in units of the plane, are none that z takes: on a map by UMAP
 *   its place leaps from cluster to cluster
 * @property {Record<string, [number, number]>} pins
 * @property {[number, number][]} lasso a line that is drawn around points
 * @property {Record<string, [number, number][]>} groups points that are ringed: circles for the first group, squares for the
 *   second
 * @property {[string, string] | null} axes names of the two latents that the plane is of, if it is
 * @property {boolean} prior circles mark one and two standard deviations of the prior; of such a plane
 * @property {{mean: [number, number], std: [number, number]} | null} posterior of the source; of such a plane
 * @property {[number, number][]} draws where codes drawn from the posterior lie
 * @property {boolean} aimed a cross marks the middle, where Enter goes
 */

/** @returns {Scene} */
export const newScene = () => ({
  changed: true,
  held: null,
  hover: null,
  path: [],
  jump: Infinity,
  pins: {},
  lasso: [],
  groups: {},
  axes: null,
  prior: false,
  posterior: null,
  draws: [],
  aimed: false,
});

/**
 * Draws the scene.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {import("./view.js").View} view
 * @param {Scene} scene
 * @param {{ink: string, paper: string, accent: string}} colours
 */
export function drawScene(canvas, view, scene, { ink, paper, accent }) {
  const [width, height] = [Math.round(view.width * view.dots), Math.round(view.height * view.dots)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = context2d(canvas);
  context.setTransform(view.dots, 0, 0, view.dots, 0, 0);
  context.clearRect(0, 0, view.width, view.height);

  /** @param {number} x @param {number} y @param {number} radius */
  function disc(x, y, radius) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }

  /** On any ground: a line of the page's colour below one of its own. @param {string} colour @param {number} width */
  function outlined(colour, width) {
    context.lineWidth = width + 2;
    context.strokeStyle = paper;
    context.stroke();
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }

  /** One and two standard deviations around a place. @param {[number, number]} place @param {[number, number]} std */
  function spread([x, y], [wide, high], /** @type {string} */ colour, /** @type {number} */ width) {
    for (const by of [1, 2]) {
      context.beginPath();
      const radii = [by * wide * view.scale, by * high * view.scale];
      context.ellipse(across(view, x), down(view, y), radii[0], radii[1], 0, 0, 2 * Math.PI);
      context.setLineDash(by === 1 ? [] : [5, 4]);
      outlined(colour, width);
    }
    context.setLineDash([]);
  }

  if (scene.axes) drawAxes(context, view, scene.axes, { ink, paper });
  if (scene.prior) {
    context.globalAlpha = 0.75;
    spread([0, 0], [1, 1], ink, 1.6);
    context.globalAlpha = 1;
  }
  if (scene.posterior) spread(scene.posterior.mean, scene.posterior.std, accent, 1.6);
  for (const [x, y] of scene.draws) {
    disc(across(view, x), down(view, y), 3);
    context.fillStyle = accent;
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = paper;
    context.stroke();
  }
  context.lineJoin = context.lineCap = "round";
  Object.values(scene.groups).forEach((places, at) => {
    for (const place of places) {
      const [x, y] = [across(view, place[0]), down(view, place[1])];
      if (at === 0) disc(x, y, 4);
      else {
        context.beginPath();
        context.rect(x - 3.5, y - 3.5, 7, 7);
      }
      // Filled with paper: a ring alone is lost on points of its own tone.
      context.fillStyle = paper;
      context.fill();
      context.lineWidth = 1.5;
      context.strokeStyle = ink;
      context.stroke();
    }
  });
  if (scene.lasso.length) {
    context.beginPath();
    for (const [x, y] of scene.lasso) context.lineTo(across(view, x), down(view, y));
    context.closePath();
    context.globalAlpha = 0.14;
    context.fillStyle = accent;
    context.fill();
    context.globalAlpha = 1;
    outlined(accent, 1.8);
  }
  for (const isJump of [true, false]) {
    context.beginPath();
    for (const [from, to] of pairs(scene.path)) {
      if (Math.hypot(to[0] - from[0], to[1] - from[1]) > scene.jump !== isJump) continue;
      context.moveTo(across(view, from[0]), down(view, from[1]));
      context.lineTo(across(view, to[0]), down(view, to[1]));
    }
    context.globalAlpha = isJump ? 0.5 : 1;
    context.setLineDash(isJump ? [3, 6] : []);
    outlined(ink, isJump ? 1.2 : 1.6);
    context.globalAlpha = 1;
  }
  if (scene.jump < Infinity) {
    context.fillStyle = ink;
    for (const [x, y] of scene.path) {
      disc(across(view, x), down(view, y), 2.4);
      context.fill();
    }
  }
  if (scene.held) {
    disc(across(view, scene.held[0]), down(view, scene.held[1]), 6);
    outlined(accent, 1.5);
  }
  for (const [name, place] of Object.entries(scene.pins)) {
    const [x, y] = [across(view, place[0]), down(view, place[1])];
    disc(x, y, 9);
    context.fillStyle = ink;
    context.fill();
    context.lineWidth = 2;
    context.strokeStyle = paper;
    context.stroke();
    context.font = "600 12px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = paper;
    context.fillText(name.toUpperCase(), x, y + 0.5);
  }
  if (scene.hover) {
    const { x, y, radius, ring } = scene.hover;
    disc(x, y, Math.max(radius, 3));
    context.lineWidth = 1;
    context.strokeStyle = ink;
    context.globalAlpha = 0.55;
    context.stroke();
    context.globalAlpha = 1;
    if (ring) {
      disc(across(view, ring[0]), down(view, ring[1]), 7);
      outlined(accent, 2);
    }
  }
  if (scene.aimed) {
    const [x, y] = [view.width / 2, view.height / 2];
    context.beginPath();
    for (const [dx, dy] of [
      [9, 0],
      [0, 9],
    ]) {
      context.moveTo(x - dx, y - dy);
      context.lineTo(x + dx, y + dy);
    }
    outlined(ink, 1.5);
  }
}

/** @param {[number, number][]} path @returns {[[number, number], [number, number]][]} each place with the next */
const pairs = (path) => path.slice(1).map((to, at) => [path[at], to]);
