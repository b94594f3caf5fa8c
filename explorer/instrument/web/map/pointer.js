import { isWhole } from "./view.js";

/** A pointer that moved less than this between press and release has clicked. */
const STILL = 4;

const WHEEL_STEP = 0.0016;
const PINCH_WHEEL_STEP = 0.01;
const KEY_PAN = 60;
const KEY_ZOOM = 1.5;

/** The keys of the map, while it has the focus, for the help. */
export const MAP_KEYS = [
  { show: "← → ↑ ↓", does: "pan" },
  { show: "+ −", does: "zoom in or out" },
  { show: "Home", does: "show the whole map" },
  { show: "Enter", does: "go to what is in the middle" },
];

/**
 * What hands do to the map, in CSS pixels from its top left corner.
 *
 * `glance` comes before `hover`, as soon as the pointer has moved: events of moves wait for the next frame, and where the
 * browser tells of them earlier (over HTTPS, and on one's own machine), what is cheap to draw is there when that begins.
 * Where a drag `draws`, each of its places comes to `draw`, the first of all included, and its end to `drawn`.
 *
 * @typedef {{glance(x: number, y: number, time: number): void, hover(x: number, y: number, time: number): void, leave(time: number): void, click(x: number, y: number): void,
 *   draws(): boolean, draw(x: number, y: number): void, drawn(): void, pan(dx: number, dy: number): void, zoom(factor: number, x: number, y: number): void, reset(): void}} Hands
 */

/**
 * @param {HTMLElement} surface
 * @param {() => import("./view.js").View} size what is on screen, in CSS pixels
 * @param {Hands} hands
 */
export function listenToHands(surface, size, hands) {
  /** @type {Map<number, {x: number, y: number}>} pointers that are down */
  const held = new Map();
  let from = { x: 0, y: 0 };
  let moved = false;
  let twice = false;
  let drawing = false;

  /** The instrument is enlarged on large screens, and then a pixel of the window is not one of ours. */
  /** @param {{clientX: number, clientY: number}} event */
  function spot({ clientX, clientY }) {
    const box = surface.getBoundingClientRect();
    const { width, height } = size();
    return {
      x: ((clientX - box.left) / (box.width || 1)) * width,
      y: ((clientY - box.top) / (box.height || 1)) * height,
    };
  }

  /** @param {PointerEvent} event */
  function down(event) {
    if (event.button !== 0) return;
    surface.setPointerCapture(event.pointerId);
    held.set(event.pointerId, spot(event));
    if (held.size === 1) {
      from = spot(event);
      moved = false;
    } else {
      moved = true;
      endDrawing();
    }
  }

  function endDrawing() {
    if (drawing) hands.drawn();
    drawing = false;
  }

  /** A button that is down belongs to whatever is dragged elsewhere. @param {PointerEvent} event */
  const hovers = (event) => event.buttons === 0 && event.pointerType !== "touch" && !held.has(event.pointerId);

  /** @param {PointerEvent} event */
  function rawMove(event) {
    if (!hovers(event)) return;
    const { x, y } = spot(event);
    hands.glance(x, y, event.timeStamp);
  }

  /** @param {PointerEvent} event */
  function move(event) {
    const to = spot(event);
    const was = held.get(event.pointerId);
    if (!was) {
      if (hovers(event)) hands.hover(to.x, to.y, event.timeStamp);
      return;
    }
    if (!moved && Math.hypot(to.x - from.x, to.y - from.y) < STILL) return;
    if (!moved) hands.leave(event.timeStamp);
    if (!moved && hands.draws()) {
      drawing = true;
      hands.draw(from.x, from.y);
    }
    moved = true;
    surface.classList.toggle("panned", !drawing);
    if (drawing) {
      hands.draw(to.x, to.y);
    } else if (held.size === 1) {
      if (event.pointerType !== "touch" || !isWhole(size())) hands.pan(to.x - was.x, to.y - was.y);
    } else {
      const [other] = [...held].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      const before = Math.hypot(was.x - other.x, was.y - other.y);
      const after = Math.hypot(to.x - other.x, to.y - other.y);
      hands.pan((to.x - was.x) / 2, (to.y - was.y) / 2);
      if (before > 0 && after > 0) hands.zoom(after / before, (to.x + other.x) / 2, (to.y + other.y) / 2);
    }
    held.set(event.pointerId, to);
  }

  /** @param {PointerEvent} event */
  function up(event) {
    if (!held.delete(event.pointerId)) return;
    if (held.size === 0) surface.classList.remove("panned");
    endDrawing();
    if (event.type === "pointerup" && !moved && !twice) hands.click(from.x, from.y);
    if (held.size === 0 && event.pointerType !== "touch" && event.type === "pointerup" && moved) {
      const to = spot(event);
      hands.hover(to.x, to.y, event.timeStamp);
    }
  }

  let enlarged = 1;

  /** @type {{[name: string]: (event: any) => void}} */
  const listeners = {
    pointerdown: down,
    pointerrawupdate: rawMove,
    pointermove: move,
    pointerup: up,
    pointercancel: up,
    pointerleave: (event) => held.size === 0 && hands.leave(event.timeStamp),
    // The second click of a double one should not move z once more.
    mousedown: (event) => (twice = event.detail > 1),
    dblclick() {
      // Of a finger the browser tells that it was down only after it is up: this one would be taken for the next.
      twice = false;
      hands.reset();
    },
    // Two fingers zoom the map, and never scroll the page.
    touchmove: (event) => event.touches.length > 1 && event.cancelable && event.preventDefault(),
    wheel(event) {
      // There is nothing left to zoom out to: the page goes on.
      if (event.deltaY >= 0 && !event.ctrlKey && isWhole(size())) return;
      event.preventDefault();
      const { x, y } = spot(event);
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      const step = event.ctrlKey ? PINCH_WHEEL_STEP : WHEEL_STEP;
      hands.zoom(Math.exp(-event.deltaY * lines * step), x, y);
      // The circle holds other neighbours now.
      hands.hover(x, y, event.timeStamp);
    },
    // A trackpad that is pinched in Safari; of fingers on the glass the pointers have told already.
    gesturestart(event) {
      event.preventDefault();
      enlarged = 1;
    },
    gesturechange(event) {
      event.preventDefault();
      const { x, y } = spot(event);
      if (held.size === 0) hands.zoom(event.scale / enlarged, x, y);
      enlarged = event.scale;
    },
    gestureend: (event) => event.preventDefault(),
    keydown(event) {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const { width, height } = size();
      /** @type {Record<string, () => void>} */
      const acts = {
        ArrowLeft: () => hands.pan(KEY_PAN, 0),
        ArrowRight: () => hands.pan(-KEY_PAN, 0),
        ArrowUp: () => hands.pan(0, KEY_PAN),
        ArrowDown: () => hands.pan(0, -KEY_PAN),
        "+": () => hands.zoom(KEY_ZOOM, width / 2, height / 2),
        "=": () => hands.zoom(KEY_ZOOM, width / 2, height / 2),
        "-": () => hands.zoom(1 / KEY_ZOOM, width / 2, height / 2),
        Home: () => hands.reset(),
        Enter: () => hands.click(width / 2, height / 2),
      };
      const act = acts[event.key];
      if (!act) return;
      // Elsewhere in the instrument the arrows move latents.
      event.preventDefault();
      act();
    },
  };
  for (const [name, listener] of Object.entries(listeners)) {
    surface.addEventListener(name, listener, { passive: false });
  }
}
