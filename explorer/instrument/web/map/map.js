import { within } from "../directions/lasso.js";
import { el, withCode } from "../dom.js";
import { hasOther } from "../latents/films.js";
import { onPath, wayOf } from "../path/course.js";
import { present } from "../present.js";
import { said } from "../spoken.js";
import { term } from "../term.js";
import { trace } from "../trace.js";
import { colouring, colourings } from "./colours.js";
import { createHover } from "./hover.js";
import { createLayers } from "./layers.js";
import { createLegend } from "./legend.js";
import { axesHere, createPlane, namesOn, pathOn, searchOf } from "./plane.js";
import { listenToHands } from "./pointer.js";
import { createSheet, NO_SHEET } from "./sheet.js";
import { createTip } from "./tip.js";
import { createTools } from "./tools.js";
import { fit, pan, planeX, planeY, zoom } from "./view.js";
import { collapsed, describeMap, KEY, KEY_MEANING, noMap, ONE_LATENT } from "./words.js";

/** A step of the path that is longer than this part of a map by UMAP leaps over what lies between. */
const JUMP = 0.1;

/** More rings than that are a blot. */
const MOST_RINGED = 30;

let maps = 0;

/**
 * The map of the encoded images: where z lies among them, and a way to go anywhere.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
export function createMap(stage) {
  const { card, model, commands, store, marking } = stage;
  const zNow = () => model.z(store.get());
  const { shape } = model;
  const thumbnails = shape && stage.thumbnails();
  const shown = { thumbnails: !shape, sheet: false, points: true };
  const stale = { here: true, pins: true, draws: true };
  /** @type {import("../checkpoint/embedding.js").Embedding | null} */
  let embedding = null;
  /** @type {import("./plane.js").Plane | null} */
  let plane = null;
  let colour = "";
  let isLassoClosed = false;
  /** Where each draw lies on the plane. @type {WeakMap<number[], [number, number]>} */
  let placed = new WeakMap();

  const sheet = shape
    ? createSheet({ shape, decode: stage.decodeLatents, onDrawn: () => layers.ground.refreshSheet() })
    : NO_SHEET;
  const layers = createLayers({
    shape,
    thumbnails,
    sheet,
    onFrame: place,
    onTheme: () => embedding && paint(true),
    onView: askSheet,
  });
  const { surface, view, scene } = layers;
  const tip = createTip(card, shape, thumbnails);
  const hover = createHover({ stage, layers, tip, plane: () => plane });
  const legend = createLegend(() => layers.ground.set({ isHidden: legend.isHidden }));
  const toggle = (/** @type {keyof typeof shown} */ name) => () => {
    shown[name] = !shown[name];
    if (name === "sheet") turnSheet();
    face();
  };
  const tools = createTools({
    card,
    hasImages: shape !== null,
    commands,
    isAlone: stage.isAlone,
    acts: {
      thumbnails: toggle("thumbnails"),
      sheet: toggle("sheet"),
      points: toggle("points"),
      whole,
      lasso: () => marking.set({ drawing: !marking.get().drawing }),
    },
  });
  const words = el("p", { class: "unseen", id: `map-words-${++maps}` });
  const sentence = el("p", { class: "hint map-sentence", hidden: true });
  const key = el("p", { class: "hint map-key", hidden: true }, term(KEY, KEY_MEANING));
  const frame = el("div", { class: "map-frame" }, surface, tip.element);
  const element = el(
    "section",
    { class: "map", "aria-label": `Map of the encoded ${shape ? "images" : "words"}` },
    tools.element,
    frame,
    key,
    sentence,
    legend.element,
    words,
  );
  surface.setAttribute("role", "application");
  surface.setAttribute("aria-describedby", words.id);
  surface.setAttribute(
    "aria-label",
    said("Map. Arrows pan, plus and minus zoom, Home shows the whole map, Enter goes to what is in the middle."),
  );
  tools.element.inert = true;
  // Who never comes near the map does without most of the images: a third of what a page would fetch.
  const fetchAhead = () => stage.isAlone && thumbnails?.preload();
  for (const near of ["pointerenter", "focusin"]) element.addEventListener(near, fetchAhead, { once: true });

  /** Where z is, at most once a frame: the points are not drawn again for it. @param {number} time */
  function place(time) {
    if (!plane || !embedding) return;
    if (stale.pins) drawPins(plane, embedding);
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
  }

  /** @param {import("./plane.js").Plane} on @param {import("../checkpoint/embedding.js").Embedding} among */
  function drawPins(on, among) {
    stale.pins = false;
    scene.changed = true;
    const state = store.get();
    const { pins } = state;
    const codes = searchOf(among, card);
    scene.pins = {};
    for (const [name, z] of Object.entries(pins)) {
      if (!z) continue;
      const [x, y] = on.place(z, codes.nearest(z));
      scene.pins[name] = [x, y];
    }
    scene.path =
      pins.a && pins.b ? pathOn(on, pins.a, pins.b, wayOf(onPath(model, state)), (z) => codes.nearest(z)) : [];
    const { axes, bounds } = on;
    scene.jump = axes === "umap" ? JUMP * Math.max(bounds.width, bounds.height) : Infinity;
  }

  /**
   * Where draws lie on the plane, those that are new: on a map by UMAP each takes a search.
   *
   * @param {import("./plane.js").Plane} on @param {import("../checkpoint/embedding.js").Embedding} among
   */
  function placeDraws(on, among) {
    stale.draws = false;
    scene.changed = true;
    const codes = searchOf(among, card);
    scene.draws = stage.draws.get().map((z) => {
      const known = placed.get(z);
      if (known) return known;
      const [x, y] = on.place(z, codes.nearest(z));
      placed.set(z, [x, y]);
      return [x, y];
    });
    faceKey();
  }

  function faceKey() {
    key.hidden = !model.hasPosterior || (!plane?.latents && !scene.draws.length);
  }

  /** What a plane of two latents has beside its points. */
  function markPlane() {
    const latents = plane?.latents ?? null;
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
    faceKey();
  }

  /** @param {string} wanted */
  function setAxes(wanted) {
    const axes = axesHere(wanted, card, embedding);
    if (axes === null) return say(ONE_LATENT);
    if (axes === plane?.axes) return;
    plane = createPlane(axes, card, present(embedding));
    Object.assign(stale, { here: true, pins: true, draws: true });
    placed = new WeakMap();
    markPlane();
    drawMarks();
    shown.sheet &&= plane.latents !== null;
    layers.setPlane(plane);
    frame.classList.toggle("map-plane", plane.latents !== null);
    turnSheet();
  }

  /** @param {boolean} keepFilter */
  function paint(keepFilter) {
    const codes = present(embedding);
    const known = colourings(card, codes).map(({ value }) => value);
    const wanted = store.get().colour;
    colour = known.includes(wanted) ? wanted : known[0];
    const colours = colouring(colour, card, codes, layers.theme().dark);
    legend.show(colours, keepFilter);
    layers.ground.setColouring(colours, namesOn(present(plane), colours));
  }

  function face() {
    tools.show({ axes: present(plane).axes, colour, ...shown });
    const { thumbnails: mosaic, sheet: faded, points } = shown;
    layers.ground.set({ mosaic, points: points || !faded, faded });
  }

  /** Another plane, or none: the sheet that was is put away. */
  function turnSheet() {
    sheet.forget();
    if (shown.sheet) sheet.ask(present(plane), hover.held(), view, 0);
  }

  /** The sheet follows what is on screen, and the latents that are not axes. */
  function askSheet() {
    if (shown.sheet && plane) sheet.ask(plane, hover.held(), view);
  }

  function whole() {
    if (!plane) return;
    fit(view, plane.bounds);
    turned();
  }

  function turned() {
    layers.move();
    askSheet();
  }

  /** @param {number} x in CSS pixels @param {number} y */
  function drawLasso(x, y) {
    if (isLassoClosed) scene.lasso = [];
    isLassoClosed = false;
    scene.lasso.push([planeX(view, x), planeY(view, y)]);
    layers.redraw();
  }

  function endLasso() {
    isLassoClosed = true;
    if (plane) marking.set({ marked: within(plane.points, scene.lasso, layers.ground.shown) });
    if (!marking.get().marked.length) scene.lasso = [];
    layers.redraw();
  }

  /** The line and the rings, where the points now are: of another plane the line is none. */
  function drawMarks() {
    const { drawing, groups } = marking.get();
    surface.classList.toggle("draws", drawing);
    scene.lasso = [];
    const places = plane?.points ?? new Float32Array(0);
    scene.groups = Object.fromEntries(
      Object.entries(groups).map(([name, members]) => {
        const step = Math.max(1, members.length / MOST_RINGED);
        const some = Array.from(
          { length: Math.min(MOST_RINGED, members.length) },
          (_, at) => members[Math.floor(at * step)],
        );
        return [name, some.map((at) => /** @type {[number, number]} */ ([places[2 * at], places[2 * at + 1]]))];
      }),
    );
    layers.redraw();
  }

  function describe() {
    if (plane && embedding) words.textContent = describeMap(plane, zNow(), card, embedding);
  }

  /** @param {string} text in place of the map */
  function say(text) {
    frame.hidden = tools.element.hidden = legend.element.hidden = true;
    sentence.hidden = false;
    sentence.replaceChildren(...withCode(text));
  }

  listenToHands(surface, () => view, {
    // What a hand draws around stays in sight: nothing opens under it.
    glance: (x, y, time) => marking.get().drawing || hover.glance(x, y, time),
    hover: (x, y, time) => marking.get().drawing || hover.hover(x, y, time),
    leave: hover.leave,
    click: (x, y) => marking.get().drawing || hover.click(x, y),
    draws: () => marking.get().drawing && plane !== null,
    draw: drawLasso,
    drawn: endLasso,
    reset: whole,
    pan(dx, dy) {
      pan(view, dx, dy);
      turned();
    },
    zoom(factor, x, y) {
      zoom(view, factor, x, y);
      turned();
    },
  });
  for (const name of ["focus", "blur"]) {
    surface.addEventListener(name, () => {
      scene.aimed = surface.matches(":focus-visible");
      layers.redraw();
    });
  }
  store.onCommit(describe);
  marking.onChange((marks, before) => {
    const isDrawn = marks.marked.length > 0 && marks.marked !== before.marked;
    if (!isDrawn) drawMarks();
    tools.draw(marks.drawing);
  });
  stage.draws.onSet(() => {
    stale.draws = true;
    layers.request();
  });

  return {
    element,
    show(state, before) {
      const held = hover.held();
      const isOther = before !== null && hasOther(model, state.codes, before.codes);
      if (!before || model.z(state) !== model.z(before)) {
        hover.follow(state);
        stale.here = true;
      }
      if (!plane) return;
      if (state.axes !== before?.axes || state.colour !== before?.colour) {
        const axes = plane.axes;
        setAxes(state.axes);
        if (state.colour !== before?.colour || axes !== plane.axes) paint(state.colour === before?.colour);
        face();
      }
      const keys = /** @type {const} */ (["pins", "slerp", "locked"]);
      if (keys.some((key) => state[key] !== before?.[key])) stale.pins = true;
      if (shown.sheet && (isOther || movedOff(plane, hover.held(), held))) askSheet();
      layers.request();
    },
    fill(codes) {
      embedding = codes;
      layers.ground.setWords(codes.words ?? []);
      setAxes(store.get().axes);
      if (!plane) return;
      tools.element.inert = false;
      tools.fill(codes);
      paint(false);
      face();
      describe();
      const remark = card.latents.every(({ active }) => !active)
        ? collapsed(shape !== null)
        : card.map
          ? null
          : noMap(stage.entry, card);
      if (!remark) return;
      sentence.hidden = false;
      sentence.replaceChildren(...withCode(remark));
    },
    refuse: say,
    setSource() {
      if (!plane?.latents) return;
      markPlane();
      layers.request();
    },
    destroy() {
      sheet.forget();
      layers.destroy();
    },
  };
}

/**
 * @param {import("./plane.js").Plane} plane
 * @param {number[]} z
 * @param {number[]} before
 * @returns {boolean} whether z has moved in a latent that is not an axis of the plane
 */
function movedOff({ latents }, z, before) {
  return z.some((value, latent) => value !== before[latent] && !latents?.includes(latent));
}
