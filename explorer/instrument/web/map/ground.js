import { clamp } from "../clamp.js";
import { context2d, el } from "../dom.js";
import { trace } from "../trace.js";
import { createFlatPoints } from "./flat-points.js";
import { css } from "./legend.js";
import { createMosaic } from "./mosaic.js";
import { createNames } from "./names.js";
import { createPoints } from "./points.js";
import { newView } from "./view.js";
import { createWordLabels } from "./word-labels.js";

/** How solid points are, points under images, points over the sheet, and points that a filter leaves out. */
const SOLID = 217;
const BEHIND = 70;
const FADED = 64;
const FILTERED = 14;

/** So many times as wide and high as the stage is what is drawn: panning only shifts it. */
const ROOM = 2;

/** More points than this are not drawn anew at every step of a zoom: they are enlarged until it rests. */
const MOST_LIVE = 20_000;
const LARGEST_STRETCH = 2;

/** What was shifted or enlarged is drawn anew once the view has rested for so long. */
const REST_MS = 160;

/**
 * What stands still on the map while z moves, from the back: the decoded sheet; the points, by WebGL where there is one; and over them
 * thumbnails, words or the names of classes. It is drawn beyond the edges of the stage, so that most of panning is left to the
 * compositor, however many points there are.
 *
 * @param {{shape: import("../engine/pixels.js").Shape | null,
 *   thumbnails: import("../checkpoint/thumbnails.js").Thumbnails | null, sheet: import("./sheet.js").Sheet,
 *   theme(): {ink: string, paper: string, inkBytes: import("./colours.js").Rgb}, onStale(): void}} options
 */
export function createGround({ shape, thumbnails, sheet, theme, onStale }) {
  const [under, dots, still] = ["map-under", "map-dots", "map-still"].map((name) =>
    el("canvas", { class: `map-layer ${name}` }),
  );
  const element = el("div", { class: "map-ground", "aria-hidden": "true" }, under, dots, still);
  const mosaic = shape && thumbnails ? createMosaic(shape, thumbnails) : null;
  const words = createWordLabels();
  const points = createPoints(dots, refresh) ?? createFlatPoints(dots);
  const names = createNames();
  /** What is drawn, when it was. */
  const drawn = newView();
  const options = { mosaic: false, points: true, faded: false, isHidden: (/** @type {number} */ _index) => false };
  const stale = { all: true, sheet: false };
  /** @type {Float32Array} */
  let places = new Float32Array(0);
  /** @type {import("./colours.js").Colouring | null} */
  let colouring = null;
  let timer = 0;
  let first = true;

  function refresh() {
    stale.all = true;
    onStale();
  }

  /** @param {number} index @returns {boolean} whether that point is drawn */
  const shown = (index) => options.points && colouring !== null && !options.isHidden(colouring.of[index]);

  function paint() {
    const behind = options.mosaic && mosaic ? BEHIND : options.faded ? FADED : SOLID;
    points.setPalette((index) => {
      if (!options.points || !colouring || index >= colouring.colours.length) return [0, 0, 0, 0];
      if (options.isHidden(index)) return [...theme().inkBytes, FILTERED];
      return [...colouring.colours[index], behind];
    });
    mosaic?.renew();
    words.renew();
    refresh();
  }

  /** Larger where there are few points or one is close to them. @param {import("./view.js").View} view */
  function pointSize(view) {
    const room = Math.sqrt((view.width * view.height) / (places.length / 2));
    const whole = clamp(0.65 * room, 1.8, 7);
    return Math.min(12, whole * Math.max(1, view.scale / view.whole) ** 0.3);
  }

  /** @param {HTMLCanvasElement} layer @returns {CanvasRenderingContext2D} empty, in CSS pixels */
  function prepare(layer) {
    const [width, height] = [Math.round(drawn.width * drawn.dots), Math.round(drawn.height * drawn.dots)];
    if (layer.width !== width || layer.height !== height) Object.assign(layer, { width, height });
    const context = context2d(layer);
    context.setTransform(drawn.dots, 0, 0, drawn.dots, 0, 0);
    context.clearRect(0, 0, drawn.width, drawn.height);
    return context;
  }

  function drawStill() {
    const context = prepare(still);
    if (!colouring || !options.points) return;
    if (options.mosaic && !mosaic) return words.draw(context, drawn, places, shown, theme());
    if (options.mosaic && mosaic) {
      const { colours, of } = colouring;
      const colour = (/** @type {number} */ index) => css(colours[of[index]]);
      return mosaic.draw(context, drawn, places, shown, colour);
    }
    names.draw(context, drawn, (drawn.width - drawn.width / ROOM) / 2, theme(), options.isHidden);
  }

  /** @param {import("./view.js").View} view */
  function drawAll(view) {
    const [width, height] = [ROOM * Math.ceil(view.width), ROOM * Math.ceil(view.height)];
    const place = { left: view.width - width, top: view.height - height };
    Object.assign(drawn, view, { width, height });
    Object.assign(element.style, {
      left: `${place.left / 2}px`,
      top: `${place.top / 2}px`,
      width: `${width}px`,
      height: `${height}px`,
      transform: "",
    });
    points.draw(drawn, pointSize(view));
    if (first) trace("instrument:map");
    first = false;
    sheet.draw(prepare(under), drawn);
    drawStill();
  }

  /** @returns {boolean} whether what is drawn can be moved to where the view is now @param {import("./view.js").View} view */
  function shift(view) {
    const stretch = view.scale / drawn.scale;
    const live = stretch !== 1 && places.length / 2 <= MOST_LIVE;
    if (live || stretch > LARGEST_STRETCH || stretch < 1 / ROOM) return false;
    const snap = (/** @type {number} */ value) => Math.round(value * view.dots) / view.dots;
    const [dx, dy] = [snap((drawn.x - view.x) * view.scale), snap((view.y - drawn.y) * view.scale)];
    const beyond = Math.abs(dx) > (drawn.width - view.width) / 2 || Math.abs(dy) > (drawn.height - view.height) / 2;
    if (stretch === 1 && beyond) return false;
    element.style.transform = `translate(${dx}px, ${dy}px)${stretch === 1 ? "" : ` scale(${stretch})`}`;
    clearTimeout(timer);
    if (dx || dy || stretch !== 1) timer = setTimeout(refresh, REST_MS);
    return true;
  }

  thumbnails?.onLoad(() => options.mosaic && refresh());

  return {
    element,
    shown,
    refresh,
    refreshSheet() {
      stale.sheet = true;
      onStale();
    },
    /** @param {ArrayLike<number> | null} here where z is @param {import("./view.js").View} view */
    avoid(here, view) {
      if (drawn.width && names.makeWay(options.mosaic ? null : here, view)) drawStill();
    },
    /** Puts everything where the view says. @param {import("./view.js").View} view */
    follow(view) {
      if (stale.all || !shift(view)) {
        clearTimeout(timer);
        drawAll(view);
      } else if (stale.sheet) {
        sheet.draw(prepare(under), drawn);
      }
      stale.all = stale.sheet = false;
    },
    /** @param {Float32Array} next x and y of each point */
    setPlaces(next) {
      places = next;
      points.setPlaces(next);
      mosaic?.renew();
      words.renew();
      refresh();
    },
    /** @param {readonly string[]} next the word of each point */
    setWords: words.set,
    /** @param {import("./colours.js").Colouring} next @param {import("./names.js").Name[]} called its classes */
    setColouring(next, called) {
      colouring = next;
      names.set(called);
      points.setIndices(next.of);
      paint();
    },
    /** @param {Partial<typeof options>} change */
    set(change) {
      Object.assign(options, change);
      // A layer with nothing on it would be composed at every frame of a drag all the same.
      under.hidden = !options.faded;
      dots.hidden = still.hidden = !options.points;
      paint();
    },
    destroy() {
      clearTimeout(timer);
      points.destroy();
    },
  };
}
