import { within } from "../directions/lasso.js";
import { el, withCode } from "../dom.js";
import { hasOther } from "../latents/films.js";
import { present } from "../present.js";
import { said } from "../spoken.js";
import { term } from "../term.js";
import { colouring, colourings } from "./colours.js";
import { createHover } from "./hover.js";
import { createLayers } from "./layers.js";
import { createLegend } from "./legend.js";
import { createPlaces } from "./places.js";
import { axesHere, createPlane, namesOn } from "./plane.js";
import { listenToHands } from "./pointer.js";
import { createSheet, NO_SHEET } from "./sheet.js";
import { createTip } from "./tip.js";
import { createTools } from "./tools.js";
import { fit, pan, planeX, planeY, zoom } from "./view.js";
import { collapsed, DOTS, describeMap, noMap, ONE_LATENT, RINGS } from "./words.js";

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
  /** @type {import("../checkpoint/embedding.js").Embedding | null} */
  let embedding = null;
  /** @type {import("./plane.js").Plane | null} */
  let plane = null;
  let colour = "";
  let isLassoClosed = false;

  const sheet = shape
    ? createSheet({ shape, decode: stage.decodeLatents, onDrawn: () => layers.ground.refreshSheet() })
    : NO_SHEET;
  const layers = createLayers({
    shape,
    thumbnails,
    sheet,
    onFrame: (time) => plane && embedding && places.follow(plane, embedding, time),
    onTheme: () => embedding && paint(true),
    onView: askSheet,
  });
  const { surface, view, scene } = layers;
  const tip = createTip(card, shape, thumbnails);
  const hover = createHover({ stage, layers, tip, plane: () => plane });
  const places = createPlaces(stage, layers, hover);
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
  const rings = term("rings: 1σ and 2σ", RINGS);
  const dots = term("dots: draws", DOTS);
  const key = el("p", { class: "hint map-key", hidden: true }, rings, dots);
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

  /** @param {string} wanted */
  function setAxes(wanted) {
    const axes = axesHere(wanted, card, embedding);
    if (axes === null) return say(ONE_LATENT);
    if (axes === plane?.axes) return;
    plane = createPlane(axes, card, present(embedding));
    places.turn(plane);
    faceKey();
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

  /** The key says of circles, ellipses and dots what they are, where some are drawn. */
  function faceKey() {
    rings.hidden = !model.hasPosterior || !plane?.latents;
    dots.hidden = !stage.draws.get().length;
    key.hidden = rings.hidden && dots.hidden;
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
    if (!isDrawn) places.placeGroups(plane);
    surface.classList.toggle("draws", marks.drawing);
    tools.draw(marks.drawing);
  });
  stage.draws.onSet(() => {
    places.stale.draws = true;
    faceKey();
    layers.request();
  });

  return {
    element,
    show(state, before) {
      const held = hover.held();
      const isOther = before !== null && hasOther(model, state.codes, before.codes);
      if (!before || model.z(state) !== model.z(before)) {
        hover.follow(state);
        places.stale.here = true;
      }
      if (!plane) return;
      if (state.axes !== before?.axes || state.colour !== before?.colour) {
        const axes = plane.axes;
        setAxes(state.axes);
        if (state.colour !== before?.colour || axes !== plane.axes) paint(state.colour === before?.colour);
        face();
      }
      const keys = /** @type {const} */ (["pins", "slerp", "locked"]);
      if (keys.some((key) => state[key] !== before?.[key])) places.stale.pins = true;
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
      places.placeDensities(plane);
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
