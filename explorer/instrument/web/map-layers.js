import { el } from "./dom.js";
import { css } from "./map-legend.js";
import { createMosaic } from "./map-mosaic.js";
import { createOverlay } from "./map-overlay.js";
import { createPoints } from "./map-points.js";
import { across, down, newView, resize } from "./map-view.js";

/** More device pixels than this to a CSS pixel nobody sees, and every one costs. */
const MOST_DOTS = 2;

/** How solid points are, points under images, and points that a filter leaves out. */
const SOLID = 217;
const BEHIND = 70;
const FILTERED = 14;

const EMPTY = { left: -1, bottom: -1, width: 2, height: 2 };

/**
 * The stage of the map and what is drawn on it, from the back: the decoded sheet; the points, by WebGL; thumbnails and
 * the names of classes; and what moves. Only the last is drawn while z moves.
 *
 * @param {{shape: import("./pixels.js").Shape, thumbnails: import("./thumbnails.js").Thumbnails,
 *   sheet: ReturnType<typeof import("./map-sheet.js").createSheet>, onFrame(time: number): void, onTheme(): void,
 *   onView(): void}} options
 */
export function createLayers({ shape, thumbnails, sheet, onFrame, onTheme, onView }) {
  const canvas = (name) => el("canvas", { class: `map-layer ${name}`, "aria-hidden": "true" });
  const [under, dots, still, over] = ["map-under", "map-dots", "map-still", "map-over"].map(canvas);
  const stage = el("div", { class: "map-stage", tabindex: 0 }, under, dots, still, over);
  const view = newView();
  const overlay = createOverlay(over);
  const mosaic = createMosaic(shape, thumbnails);
  const points = createPoints(dots, () => redraw());
  /** @type {import("./map-plane.js").Plane | null} */
  let plane = null;
  /** @type {import("./colours.js").Colouring | null} */
  let colouring = null;
  /** @type {{name: string, x: number, y: number}[]} */
  let names = [];
  /** Read when the stage has its place in the page: before that it has no colours. */
  let theme = null;
  let frame = 0;
  let moved = true;
  const options = { mosaic: false, points: true, isHidden: (_) => false };

  /** @type {import("./map-overlay.js").Scene} */
  const scene = { here: null, lost: false, held: null, hover: null, path: [], pins: {}, aimed: false };

  const themeNow = () => (theme ??= readTheme(stage));

  const shown = (index) => !options.isHidden(colouring.of[index]);

  function paint() {
    const [behind, ink] = [options.mosaic ? BEHIND : SOLID, themeNow().inkBytes];
    points?.setPalette((index) => {
      if (!options.points || !colouring || index >= colouring.colours.length) return [0, 0, 0, 0];
      if (options.isHidden(index)) return [...ink, FILTERED];
      return [...colouring.colours[index], behind];
    });
    mosaic.renew();
    redraw();
  }

  /** Larger where there are few points or one is close to them. */
  function pointSize() {
    const room = Math.sqrt((view.width * view.height) / (plane.points.length / 2));
    const whole = Math.min(7, Math.max(1.8, 0.65 * room));
    return Math.min(12, whole * Math.max(1, view.scale / view.whole) ** 0.3);
  }

  function prepare(layer) {
    const [width, height] = [Math.round(view.width * view.dots), Math.round(view.height * view.dots)];
    if (layer.width !== width || layer.height !== height) Object.assign(layer, { width, height });
    const context = layer.getContext("2d");
    context.setTransform(view.dots, 0, 0, view.dots, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    return context;
  }

  function drawStill() {
    const context = prepare(still);
    if (!colouring || !options.points) return;
    if (options.mosaic) {
      const colour = (index) => css(colouring.colours[colouring.of[index]]);
      return mosaic.draw(context, view, plane.points, shown, colour);
    }
    context.font = "600 13px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 4;
    context.lineJoin = "round";
    context.strokeStyle = themeNow().paper;
    context.fillStyle = themeNow().ink;
    names.forEach(({ name, x, y }, index) => {
      if (options.isHidden(index)) return;
      context.strokeText(name, across(view, x), down(view, y));
      context.fillText(name, across(view, x), down(view, y));
    });
  }

  function draw(time) {
    frame = 0;
    if (!plane || !view.width) return;
    onFrame(time);
    if (moved) {
      moved = false;
      points?.draw(view, pointSize());
      sheet.draw(prepare(under), view);
      drawStill();
    }
    if (overlay.draw(view, scene, themeNow(), time)) request();
  }

  function request() {
    frame ||= requestAnimationFrame(draw);
  }

  /** Everything that stands still too. */
  function redraw() {
    moved = true;
    request();
  }

  thumbnails.onLoad(() => options.mosaic && redraw());
  const size = new ResizeObserver(([{ contentRect }]) => {
    const dotsHere = Math.min(MOST_DOTS, (window.devicePixelRatio || 1) * (stage.currentCSSZoom ?? 1));
    resize(view, plane?.bounds ?? EMPTY, contentRect.width, contentRect.height, dotsHere);
    redraw();
    onView();
  });
  size.observe(stage);
  // The style sheet lets the stage's colour take a moment to change, so that a change of theme is heard of here.
  stage.addEventListener("transitionend", ({ target }) => {
    if (target !== stage) return;
    theme = null;
    onTheme();
  });

  return {
    stage,
    view,
    scene,
    overlay,
    shown,
    request,
    redraw,
    theme: themeNow,
    works: points !== null,
    /** @param {import("./map-plane.js").Plane} next */
    setPlane(next) {
      plane = next;
      points?.setPlaces(plane.points);
      overlay.forget();
      resize(view, plane.bounds, 0, 0, view.dots);
      const { clientWidth, clientHeight } = stage;
      resize(view, plane.bounds, clientWidth, clientHeight, view.dots);
      mosaic.renew();
      redraw();
    },
    /** @param {import("./colours.js").Colouring} next @param {typeof names} called where the names of its classes stand */
    setColouring(next, called) {
      colouring = next;
      names = called;
      points?.setIndices(next.of);
      paint();
    },
    /** @param {Partial<typeof options>} change */
    set(change) {
      Object.assign(options, change);
      paint();
    },
    destroy() {
      cancelAnimationFrame(frame);
      size.disconnect();
      points?.destroy();
    },
  };
}

/** @param {HTMLElement} stage @returns the theme's colours, and whether it is a dark one */
function readTheme(stage) {
  const style = getComputedStyle(stage);
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const bytes = (colour) => {
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
    return /** @type {import("./colours.js").Rgb} */ ([red, green, blue]);
  };
  const [ink, paper, accent] = [style.color, style.backgroundColor, style.borderTopColor];
  const inkBytes = bytes(ink);
  return { ink, paper, accent, inkBytes, dark: inkBytes[1] > 128 };
}
