import { el } from "../dom.js";
import { createGround } from "./ground.js";
import { createHere } from "./here.js";
import { drawScene, newScene } from "./overlay.js";
import { readTheme } from "./theme.js";
import { isWhole, newView, resize } from "./view.js";

/** More device pixels than this to a CSS pixel make no visible difference, and every one costs. */
const MOST_DOTS = 2;

const EMPTY = { left: -1, bottom: -1, width: 2, height: 2 };

/**
 * The surface of the map: the ground, which stands still while z moves, and over it what moves.
 *
 * @param {{shape: import("../engine/pixels.js").Shape | null,
 *   thumbnails: import("../checkpoint/thumbnails.js").Thumbnails | null, sheet: import("./sheet.js").Sheet, onFrame(time: number): void, onTheme(): void,
 *   onView(): void}} options
 */
export function createLayers({ shape, thumbnails, sheet, onFrame, onTheme, onView }) {
  const over = el("canvas", { class: "map-layer map-over", "aria-hidden": "true" });
  const surface = el("div", { class: "map-stage", tabindex: 0 });
  const view = newView();
  const here = createHere();
  const scene = newScene();
  /** Read when the surface has its place in the page: before that it has no colours. */
  /** @type {ReturnType<typeof readTheme> | null} */
  let theme = null;
  const themeNow = () => (theme ??= readTheme(surface));
  const ground = createGround({ shape, thumbnails, sheet, theme: themeNow, onStale: move });
  surface.append(ground.element, over, ...here.elements);
  /** @type {import("./plane.js").Plane | null} */
  let plane = null;
  let frame = 0;
  let moved = true;

  /** Where z is, and whether it has left the data. */
  const z = { place: /** @type {[number, number] | null} */ (null), lost: false };

  /** @param {number} time */
  function draw(time) {
    frame = 0;
    if (!plane || !view.width) return;
    onFrame(time);
    // One finger scrolls the page past a whole map, and pans a part of it.
    if (moved) surface.classList.toggle("near", !isWhole(view));
    if (moved) ground.follow(view);
    if (moved || scene.changed) drawScene(over, view, scene, themeNow());
    ground.avoid(z.place, view);
    moved = scene.changed = false;
    if (here.draw(view, z.place, z.lost, time)) request();
  }

  function request() {
    frame ||= requestAnimationFrame(draw);
  }

  /** The scene has changed. */
  function redraw() {
    scene.changed = true;
    request();
  }

  /** The ground too: the view has changed, or what is on it. */
  function move() {
    moved = true;
    request();
  }

  const size = new ResizeObserver(([{ contentRect }]) => {
    const dots = Math.min(MOST_DOTS, (window.devicePixelRatio || 1) * (surface.currentCSSZoom ?? 1));
    resize(view, plane?.bounds ?? EMPTY, contentRect.width, contentRect.height, dots);
    ground.refresh();
    onView();
  });
  size.observe(surface);
  // The style sheet lets the surface's colour take a moment to change, so that a change of theme raises an event.
  surface.addEventListener("transitionend", ({ target }) => {
    if (target !== surface) return;
    theme = null;
    onTheme();
  });

  return {
    surface,
    view,
    scene,
    here,
    z,
    ground,
    request,
    redraw,
    move,
    theme: themeNow,
    /** @param {import("./plane.js").Plane} next shows all of it */
    setPlane(next) {
      plane = next;
      const { clientWidth, clientHeight } = surface;
      view.width = 0;
      resize(view, plane.bounds, clientWidth, clientHeight, view.dots);
      here.forget();
      ground.setPlaces(plane.points);
    },
    destroy() {
      cancelAnimationFrame(frame);
      size.disconnect();
      ground.destroy();
    },
  };
}
