import { el } from "../dom.js";

/**
 * Makes the panels that fit, in the order of their list.
 *
 * @template M what they are about: a model, or a table of them
 * @template S the stage that each of them may use
 * @template P a part of it
 * @template {{fits(model: M): true | string, create(stage: S): P}} Panel
 * @param {Panel[]} panels
 * @param {M} model
 * @param {S} stage
 * @returns {{parts: {panel: Panel, part: P}[], missing: string[]}} `missing`: why some panels are not here
 */
export function layOut(panels, model, stage) {
  const asked = panels.map((panel) => ({ panel, fits: panel.fits(model) }));
  return {
    parts: asked.filter(({ fits }) => fits === true).map(({ panel }) => ({ panel, part: panel.create(stage) })),
    missing: asked.flatMap(({ fits }) => (fits === true || fits === "" ? [] : [fits])),
  };
}

/**
 * @param {{panel: {place: string}, part: {element: HTMLElement}}[]} parts
 * @returns {(place: string) => HTMLElement[]} what stands in a place
 */
export const standing = (parts) => (place) =>
  parts.filter(({ panel }) => panel.place === place).map(({ part }) => part.element);

/** @param {string} title @param {string[]} sentences @returns {HTMLElement | null} nothing where nothing is to be said */
export function notShown(title, sentences) {
  if (!sentences.length) return null;
  return el(
    "section",
    { class: "not-shown", "aria-label": title },
    el("h2", { text: title }),
    el("ul", {}, ...sentences.map((text) => el("li", { text }))),
  );
}
