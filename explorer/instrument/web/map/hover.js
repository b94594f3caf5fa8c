import { present } from "../present.js";
import { trace } from "../trace.js";
import { planeX, planeY } from "./view.js";

/** A pointer that is so near to a point means it, in CSS pixels. */
const REACH = 8;

/** Radius of the circle in which real neighbours are counted, as a share of the map's width on screen. */
const CIRCLE = 0.02;

/** On a narrow map a circle within the reach of a point would always be empty. In CSS pixels. */
const LEAST_CIRCLE = 1.5 * REACH;

/** A mouse may tell of a thousand moves a second: one glance in this many milliseconds at most. */
const APART = 4;

/**
 * What the pointer over the map shows: an image and its code, or what the decoder makes of a place and how many images are near it.
 *
 * @param {{stage: import("../stage.js").Stage, layers: ReturnType<typeof import("./layers.js").createLayers>,
 *   tip: ReturnType<typeof import("./tip.js").createTip>, plane(): import("./plane.js").Plane | null}} options
 */
export function createHover({ stage, layers, tip, plane }) {
  const { model, commands, store } = stage;
  const { view, scene } = layers;
  /** @type {number | null} the image under the pointer */
  let over = null;
  let previews = false;
  let mine = false;
  /** The time of the event whose image was shown last. */
  let shown = -1;
  /** z where a person left it: not what is only looked at. */
  let held = model.z(store.get());

  /** @param {ArrayLike<number>} z @param {number} time */
  function preview(z, time) {
    mine = true;
    commands.preview(z, time);
    mine = false;
  }

  /** @param {import("./plane.js").Plane} on @param {number} x @param {number} y */
  const under = (on, x, y) => {
    const [u, v] = [planeX(view, x), planeY(view, y)];
    return { u, v, index: on.index.pick(u, v, REACH / view.scale, layers.ground.shown) };
  };

  /** The image of a point beside the pointer, measured once an event. @param {number} index @param {number} x @param {number} y @param {number} time */
  function show(index, x, y, time) {
    tip.point(index, present(stage.embedding()), x, y, view);
    if (time === shown) return;
    shown = time;
    trace("instrument:hover", { since: time });
  }

  const codeOf = (/** @type {number} */ index) => {
    const { mean, latents } = present(stage.embedding());
    return mean.subarray(index * latents, (index + 1) * latents);
  };

  return {
    held: () => held,
    previews: () => previews,
    /** Follows the store. @param {import("../store.js").State} state */
    follow(state) {
      previews = mine;
      if (!mine) held = model.z(state);
    },
    /** @param {number} x @param {number} y @param {number} time */
    glance(x, y, time) {
      const on = plane();
      if (!on || time - shown < APART) return;
      const { index } = under(on, x, y);
      if (index !== null) show(index, x, y, time);
    },
    /** @param {number} x @param {number} y @param {number} time */
    hover(x, y, time) {
      const on = plane();
      if (!on) return;
      const { u, v, index } = under(on, x, y);
      const radius = Math.max(LEAST_CIRCLE, CIRCLE * view.width);
      const { axes, points } = on;
      /** @type {[number, number] | null} */
      const ring = index === null ? null : [points[2 * index], points[2 * index + 1]];
      scene.hover = { x, y, radius, ring };
      if (index === null) {
        tip.empty(on.index.count(u, v, radius / view.scale), axes, x, y, view);
        preview(on.inverse(u, v, held), time);
      } else {
        show(index, x, y, time);
        if (index !== over || !previews) preview(codeOf(index), time);
      }
      over = index;
      layers.redraw();
    },
    leave() {
      tip.hide();
      over = null;
      scene.hover = null;
      layers.redraw();
      if (previews) commands.endPreview();
    },
    /** @param {number} x @param {number} y */
    click(x, y) {
      const on = plane();
      if (!on) return;
      const { u, v, index } = under(on, x, y);
      if (index !== null) commands.choose(index);
      else commands.go(on.inverse(u, v, held), { example: null, own: null });
    },
  };
}
