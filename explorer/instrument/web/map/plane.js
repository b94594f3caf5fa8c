import { orderLatents } from "../model/latents.js";
import { present } from "../present.js";
import { blend, createSearch, median } from "./neighbours.js";
import { boundsOf, createPlaneIndex } from "./plane-index.js";

/** Codes along a path between two pins. */
const PATH_STEPS = 24;

/**
 * A plane that z can be shown on, and that one can come back from.
 *
 * @typedef {object} Plane
 * @property {string} axes "umap", "pca", or two latents such as "z3,z7"
 * @property {[number, number] | null} latents that are the axes
 * @property {Float32Array} points x and y of each image
 * @property {import("./view.js").Bounds} bounds of the points
 * @property {ReturnType<typeof createPlaneIndex>} index
 * @property {(z: ArrayLike<number>, nearest: import("./neighbours.js").Nearest) => Float64Array} place where z lies,
 *   given its nearest codes; overwritten by the next call
 * @property {(x: number, y: number, z: number[]) => number[]} inverse a code that lies there; `z` says the other latents
 */

/** @param {import("../checkpoint/checkpoint.js").Card} card @returns {number[]} the latents that distances between codes are over */
const mapLatents = (card) => {
  const { active, inactive } = orderLatents(card);
  return card.map?.latents ?? (active.length ? active : inactive);
};

/** @type {WeakMap<import("../checkpoint/embedding.js").Embedding, ReturnType<typeof search>>} */
const searches = new WeakMap();

/**
 * One search an open checkpoint, however many parts ask where z is in the same frame.
 *
 * @param {import("../checkpoint/embedding.js").Embedding} embedding
 * @param {import("../checkpoint/checkpoint.js").Card} card
 * @returns {ReturnType<typeof search>}
 */
export function searchOf(embedding, card) {
  let found = searches.get(embedding);
  if (!found) searches.set(embedding, (found = search(embedding, card)));
  return found;
}

/** @param {import("../checkpoint/embedding.js").Embedding} embedding @param {import("../checkpoint/checkpoint.js").Card} card */
function search({ mean, count, latents }, card) {
  const codes = createSearch({ codes: mean, count, latents, chosen: mapLatents(card) });
  /** @type {ArrayLike<number> | null} */
  let last = null;
  /** @type {import("./neighbours.js").Nearest | null} */
  let found = null;
  return {
    searched: codes.searched,
    /** @param {ArrayLike<number>} z @returns {import("./neighbours.js").Nearest} overwritten by the next call */
    nearest(z) {
      if (z !== last || !found) found = codes.nearest(z);
      last = z;
      return found;
    },
  };
}

/**
 * @param {string} wanted
 * @param {import("../checkpoint/checkpoint.js").Card} card
 * @param {import("../checkpoint/embedding.js").Embedding | null} embedding
 * @returns {string | null} the wanted axes, or those that suit this model: two latents are a plane already, which UMAP
 *   would only bend; of more UMAP shows most; without one they are the latents of the largest KL. Nothing for a single latent
 */
export function axesHere(wanted, card, embedding) {
  const { active, inactive } = orderLatents(card);
  const order = [...active, ...inactive];
  const latents = order.length;
  const isMap = wanted === "umap" || wanted === "pca";
  if (isMap && embedding?.maps[wanted]) return wanted;
  if (wanted && !isMap && wanted.split(",").every((name) => Number(name.slice(1)) < latents)) return wanted;
  if (latents !== 2 && embedding?.maps.umap) return "umap";
  if (latents < 2) return null;
  return order
    .slice(0, 2)
    .sort((a, b) => (latents === 2 ? a - b : 0))
    .map((latent) => `z${latent}`)
    .join();
}

/**
 * @param {string} axes what `axesHere` gave
 * @param {import("../checkpoint/checkpoint.js").Card} card
 * @param {import("../checkpoint/embedding.js").Embedding} embedding
 * @returns {Plane}
 */
export function createPlane(axes, card, embedding) {
  const { count, latents: width, mean } = embedding;
  const out = new Float64Array(2);
  /** @type {Plane["latents"]} */
  let latents = null;
  /** @type {Float32Array} */
  let points;
  /** @type {Plane["place"]} */
  let place;
  /** @type {Plane["inverse"]} */
  let inverse;

  if (axes === "umap") {
    const umap = present(embedding.maps.umap);
    const bounds = boundsOf(umap);
    const side = Math.max(bounds.width, bounds.height);
    points = umap;
    place = (_, nearest) => median(nearest, umap, side, out);
    inverse = (x, y) => [...blend(index.nearest(x, y), mean, new Float64Array(width))];
  } else if (axes === "pca") {
    points = present(embedding.maps.pca);
    const { mean: centre, axes: directions } = present(card.map).pca;
    place = (z) => {
      directions.forEach((direction, axis) => {
        out[axis] = direction.reduce((sum, part, latent) => sum + part * (z[latent] - centre[latent]), 0);
      });
      return out;
    };
    const [first, second] = directions;
    inverse = (x, y) => centre.map((value, latent) => value + x * first[latent] + y * second[latent]);
  } else {
    const [first, second] = axes.split(",").map((name) => Number(name.slice(1)));
    latents = [first, second];
    points = new Float32Array(2 * count);
    for (let at = 0; at < count; at++) {
      points[2 * at] = mean[at * width + first];
      points[2 * at + 1] = mean[at * width + second];
    }
    place = (z) => {
      out[0] = z[first];
      out[1] = z[second];
      return out;
    };
    inverse = (x, y, z) => {
      const there = [...z];
      there[first] = x;
      there[second] = y;
      return there;
    };
  }
  const index = createPlaneIndex(points);
  return { axes, latents, points, bounds: boundsOf(points), index, place, inverse };
}

/**
 * @param {Plane} plane
 * @param {number[]} a
 * @param {number[]} b
 * @param {(a: number[], b: number[], t: number) => number[]} between
 * @param {(z: number[]) => import("./neighbours.js").Nearest} nearest
 * @returns {[number, number][]} where codes on the way from a to b lie
 */
export function pathOn(plane, a, b, between, nearest) {
  return Array.from({ length: PATH_STEPS }, (_, step) => {
    const z = between(a, b, step / (PATH_STEPS - 1));
    const [x, y] = plane.place(z, nearest(z));
    return [x, y];
  });
}

/** Names of more classes than this would hide the points. */
const MOST_NAMES = 12;

/** A class whose middle half takes more of the map than this, of what the middle half of all points takes, lies nowhere. */
const APART = 0.5;

/**
 * Where the names of classes stand on a map by UMAP: each at the point that is nearest to the middle of its class, where the
 * class lies apart.
 *
 * @param {Plane} plane
 * @param {import("./colours.js").Colouring} colouring
 * @returns {{index: number, name: string, x: number, y: number}[]} nothing for values in order, which lie in a row
 */
export function namesOn({ axes, points, index: plane }, { names, ordered, of, counts }) {
  if (axes !== "umap" || !names || ordered || names.length > MOST_NAMES) return [];
  const all = middleOf(points, Array.from(of.keys()));
  const here = names.map((name, index) => ({ name, index })).filter(({ index }) => counts[index] > 0);
  return here.flatMap(({ name, index }) => {
    const middle = middleOf(
      points,
      Array.from(of.keys()).filter((row) => of[row] === index),
    );
    if (middle.area > APART * all.area) return [];
    const near = present(plane.pick(middle.x, middle.y, Infinity, (row) => of[row] === index));
    return [{ index, name, x: points[2 * near], y: points[2 * near + 1] }];
  });
}

/** @param {ArrayLike<number>} points @param {number[]} rows @returns {{x: number, y: number, area: number}} their median, and the area between their quartiles */
function middleOf(points, rows) {
  const [x, y] = [0, 1].map((axis) => {
    const along = Float32Array.from(rows, (row) => points[2 * row + axis]).sort();
    const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => along[Math.floor(share * along.length)]);
    return { middle, range: high - low };
  });
  return { x: x.middle, y: y.middle, area: x.range * y.range };
}
