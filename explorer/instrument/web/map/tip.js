import { context2d, el, spell } from "../dom.js";
import { valueName } from "./colours.js";

/** The longer side of the enlarged image, in CSS pixels, is at least this. */
const SIDE = 96;
const AWAY = 14;

/** Where no test image is near the decoder still answers: with what, on which map. */
/** @type {Record<string, string>} */
const PICTURED = {
  umap: "The picture blends the nearest codes.",
  pca: "The picture is on the plane of the two axes.",
};

/**
 * What stands beside the pointer: the image or the word of a point, or how many are near where there is none.
 *
 * @param {import("../checkpoint/checkpoint.js").ImagesCard} card
 * @param {import("../engine/pixels.js").Shape | null} shape
 * @param {import("../checkpoint/thumbnails.js").Thumbnails | null} thumbnails
 */
export function createTip(card, shape, thumbnails) {
  const [, height, width] = shape ?? [0, 0, 0];
  const called = `${card.examples.split} ${shape ? "image" : "word"}`;
  const scale = Math.max(1, Math.ceil(SIDE / Math.max(width, height)));
  const style = `width: ${width * scale}px; height: ${height * scale}px`;
  const canvas = el("canvas", { class: "tip-image", width, height, style });
  const name = el("strong");
  const facts = el("span", { class: "hint" });
  const image = el(
    "div",
    { class: "tip-point" },
    shape ? canvas : null,
    el("span", { class: "tip-text" }, name, facts),
  );
  const empty = el("div", { class: "tip-empty" });
  const element = el("div", { class: "map-tip", "aria-hidden": "true", hidden: true }, image, empty);
  const context = context2d(canvas);
  /** @type {number | null} the image that is drawn, or waits for its sheet */
  let index = null;
  let waits = false;

  function draw() {
    context.clearRect(0, 0, width, height);
    waits = index !== null && thumbnails !== null && !thumbnails.draw(context, index, 0, 0, width, height);
  }
  thumbnails?.onLoad(() => waits && draw());

  /** Beside the pointer, towards the middle of the map, so that it does not leave it. @param {number} x @param {number} y @param {import("./view.js").View} view */
  function move(x, y, view) {
    const right = x < view.width / 2;
    const below = y < view.height / 2;
    element.style.transform =
      `translate(${x + (right ? AWAY : -AWAY)}px, ${y + (below ? AWAY : -AWAY)}px) ` +
      `translate(${right ? "0" : "-100%"}, ${below ? "0" : "-100%"})`;
  }

  /** @param {boolean} isPoint */
  function face(isPoint) {
    element.hidden = false;
    image.hidden = !isPoint;
    empty.hidden = isPoint;
  }

  return {
    element,
    /** @param {number} at @param {import("../checkpoint/embedding.js").Embedding} embedding @param {number} x @param {number} y @param {import("./view.js").View} view */
    point(at, embedding, x, y, view) {
      if (at !== index) {
        index = at;
        const [first, ...others] = namesOf(at, card, embedding);
        name.textContent = first ?? "";
        const nats = embedding.reconstruction;
        facts.textContent = [
          ...others,
          `${called} ${at}`,
          ...(nats ? [`reconstruction ${spell(nats[at], 1)} nats`] : []),
        ].join("\n");
        draw();
      }
      face(true);
      move(x, y, view);
    },
    /** @param {number} neighbours @param {string} axes of the map @param {number} x @param {number} y @param {import("./view.js").View} view */
    empty(neighbours, axes, x, y, view) {
      index = null;
      waits = false;
      empty.textContent =
        neighbours === 0
          ? [`No ${called} is near this point.`, (shape && PICTURED[axes]) ?? ""].join("\n")
          : `${spell(neighbours, 0)} neighbour${neighbours === 1 ? "" : "s"} within the circle`;
      face(false);
      move(x, y, view);
    },
    hide() {
      element.hidden = true;
    },
  };
}

/**
 * @param {number} at
 * @param {import("../checkpoint/checkpoint.js").ImagesCard} card
 * @param {import("../checkpoint/embedding.js").Embedding} embedding
 * @returns {string[]} what an example is called: itself where it is a word, and by its label or its factors
 */
export function namesOf(at, card, embedding) {
  const label = embedding.labels[at];
  if (embedding.words) return [embedding.words[at], ...(label === null ? [] : [label])];
  if (label !== null) return [label];
  const { factors } = card.data;
  const values = embedding.factors;
  if (!values || !factors) return [];
  return factors
    .map((factor, by) => ({ ...factor, value: values[at * factors.length + by] }))
    .filter(({ size }) => size > 1)
    .map(({ value, ...factor }) => `${factor.name} ${valueName(factor, value)}`);
}
