import { onPath, wayOf } from "../path/course.js";
import { trace } from "../trace.js";
import { pathOn, searchOf } from "./plane.js";

/** A step of the path that is longer than this part of a map by UMAP leaps over what lies between. */
const JUMP = 0.1;

/** More rings than that are a blot. */
const MOST_RINGED = 30;

/**
 * Where on the plane everything lies that is drawn over the points: z, pins, path, draws, groups, prior and posterior.
 *
 * @param {import("../stage.js").Stage} stage
 * @param {ReturnType<typeof import("./layers.js").createLayers>} layers
 * @param {ReturnType<typeof import("./hover.js").createHover>} hover
 */
export function createPlaces(stage, layers, hover) {
  const { card, model, store, marking } = stage;
  const { scene } = layers;
  const zNow = () => model.z(store.get());
  /** What has moved since the last frame. */
  const stale = { here: true, pins: true, draws: true };
  /** Where each draw lies on the plane. @type {WeakMap<number[], [number, number]>} */
  let placed = new WeakMap();

  /** @param {import("./plane.js").Plane} plane @param {import("../checkpoint/embedding.js").Embedding} embedding */
  function placePins(plane, embedding) {
    stale.pins = false;
    scene.changed = true;
    const state = store.get();
    const { pins } = state;
    const codes = searchOf(embedding, card);
    scene.pins = {};
    for (const [name, z] of Object.entries(pins)) {
      if (!z) continue;
      const [x, y] = plane.place(z, codes.nearest(z));
      scene.pins[name] = [x, y];
    }
    scene.path =
      pins.a && pins.b ? pathOn(plane, pins.a, pins.b, wayOf(onPath(model, state)), (z) => codes.nearest(z)) : [];
    const { axes, bounds } = plane;
    scene.jump = axes === "umap" ? JUMP * Math.max(bounds.width, bounds.height) : Infinity;
  }

  /**
   * The draws that are new: on a map by UMAP each takes a search.
   *
   * @param {import("./plane.js").Plane} plane @param {import("../checkpoint/embedding.js").Embedding} embedding
   */
  function placeDraws(plane, embedding) {
    stale.draws = false;
    scene.changed = true;
    const codes = searchOf(embedding, card);
    scene.draws = stage.draws.get().map((z) => {
      const known = placed.get(z);
      if (known) return known;
      const [x, y] = plane.place(z, codes.nearest(z));
      placed.set(z, [x, y]);
      return [x, y];
    });
  }

  /** Prior and posterior, on a plane of two latents. @param {import("./plane.js").Plane} plane */
  function placeDensities({ latents }) {
    scene.changed = true;
    scene.axes = latents && [model.latents[latents[0]].name, model.latents[latents[1]].name];
    scene.prior = latents !== null && Boolean(model.continuous?.prior);
    const { mean, logVariance } = stage.source() ?? {};
    scene.posterior =
      latents && mean && logVariance
        ? {
            mean: [mean[latents[0]], mean[latents[1]]],
            std: [Math.exp(logVariance[latents[0]] / 2), Math.exp(logVariance[latents[1]] / 2)],
          }
        : null;
  }

  /** Rings around some of each group; a line that was drawn around points of another plane goes. @param {import("./plane.js").Plane | null} plane */
  function placeGroups(plane) {
    scene.lasso = [];
    const points = plane?.points ?? new Float32Array(0);
    scene.groups = Object.fromEntries(
      Object.entries(marking.get().groups).map(([name, members]) => {
        const step = Math.max(1, members.length / MOST_RINGED);
        const some = Array.from(
          { length: Math.min(MOST_RINGED, members.length) },
          (_, at) => members[Math.floor(at * step)],
        );
        return [name, some.map((at) => /** @type {[number, number]} */ ([points[2 * at], points[2 * at + 1]]))];
      }),
    );
    layers.redraw();
  }

  return {
    stale,
    placeDensities,
    placeGroups,
    /** On another plane everything lies elsewhere. @param {import("./plane.js").Plane} plane */
    turn(plane) {
      Object.assign(stale, { here: true, pins: true, draws: true });
      placed = new WeakMap();
      placeDensities(plane);
      placeGroups(plane);
    },
    /**
     * What has moved, at most once a frame: the points are not drawn again for it.
     *
     * @param {import("./plane.js").Plane} plane @param {import("../checkpoint/embedding.js").Embedding} embedding @param {number} time
     */
    follow(plane, embedding, time) {
      if (stale.pins) placePins(plane, embedding);
      if (stale.draws) placeDraws(plane, embedding);
      if (!stale.here) return;
      stale.here = false;
      const start = performance.now();
      const held = hover.previews() ? (scene.held ?? layers.z.place) : null;
      scene.changed ||= held !== scene.held;
      scene.held = held;
      const nearest = searchOf(embedding, card).nearest(zNow());
      const here = plane.place(zNow(), nearest);
      layers.z.place = [here[0], here[1]];
      layers.z.lost = card.map ? nearest.distances[0] > card.map.nearest.p99 : false;
      if (!hover.previews()) layers.here.follow(here, time);
      trace("instrument:here", { since: start });
    },
  };
}
