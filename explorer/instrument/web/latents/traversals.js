import { context2d, el, spell } from "../dom.js";
import { drawGrid } from "../export/png.js";
import { cellOf, shownLatents } from "../model/latents.js";
import { present } from "../present.js";
import { rove } from "../roving.js";

const DEVIATIONS = "Latent; the columns are standard deviations of its codes from their mean";

/**
 * The grid: a row a latent, a column a step, the current value framed, each cell a click away.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
export function createTraversals({ model, commands, films, picture }) {
  const [, height, width] = present(model.shape);
  const axis = el(
    "div",
    { class: "axis", role: "row" },
    inDeviations(model)
      ? el("span", {
          role: "columnheader",
          class: "grid-name",
          text: "± σ",
          title: DEVIATIONS,
          "aria-label": DEVIATIONS,
        })
      : el("span", { role: "columnheader", "aria-label": "Latent" }),
    ...columnsOf(model).map((text) => el("span", { role: "columnheader", text })),
  );
  const grid = el(
    "div",
    { class: "grid", role: "grid", "aria-label": "Traversals: one row per latent, one column per value" },
    axis,
  );
  const element = el(
    "section",
    { class: "traversals" },
    el("h2", { text: "Traversals" }),
    el("div", { class: "grid-scroll" }, grid),
  );

  /** @type {Map<number, ReturnType<typeof createRow>>} */
  const rows = new Map();
  /** @param {number} latent one that was arranged */
  const rowOf = (latent) => present(rows.get(latent));
  /** @type {number[]} */
  let order = [];
  const makeCurrent = rove(grid, () => order.map((latent) => rowOf(latent).cells));

  /** @param {number} latent */
  function createRow(latent) {
    const { name, steps } = model.latents[latent];
    const canvas = el("canvas", { width: steps.length * width, height, "aria-hidden": "true" });
    const frame = el("span", { class: "cell-frame" });
    const cells = steps.map((step) =>
      el("button", {
        class: "cell",
        type: "button",
        role: "gridcell",
        tabindex: -1,
        "aria-label": `${name} at ${spell(step, 1)}`,
        on: { click: () => commands.goTo(latent, step) },
      }),
    );
    const row = el(
      "div",
      { class: "grid-row", role: "row", "data-latent": latent },
      el("span", {
        class: "grid-name",
        role: "rowheader",
        text: name,
      }),
      el("div", { class: "cells", role: "presentation" }, canvas, frame, ...cells),
    );
    return { row, canvas, frame, cells, context: context2d(canvas) };
  }

  /** @param {number[]} latents the rows to show, top to bottom */
  function arrange(latents) {
    order = latents;
    for (const latent of latents) if (!rows.has(latent)) rows.set(latent, createRow(latent));
    grid.replaceChildren(axis, ...latents.map((latent) => rowOf(latent).row));
    if (latents.length) makeCurrent(rowOf(latents[0]).cells[0]);
  }

  /** @param {number[]} z @param {number[] | undefined} before */
  function frame(z, before) {
    for (const latent of order) {
      if (z[latent] === before?.[latent]) continue;
      const at = Math.round(cellOf(model.latents[latent].steps, z[latent]));
      rowOf(latent).frame.style.transform = `translateX(${at * 100}%)`;
    }
  }

  films.onRow((latent, image) => rows.get(latent)?.context.putImageData(image, 0, 0));
  picture.drawGrid = (z) =>
    drawGrid(
      order.map((latent) => ({ latent: model.latents[latent], canvas: rowOf(latent).canvas })),
      model,
      columnsOf(model),
      z,
    );

  return {
    element,
    show(state, before) {
      const isAnew = state.unfolded !== before?.unfolded;
      if (isAnew) arrange(shownLatents(model, state));
      frame(model.z(state), isAnew || !before ? undefined : model.z(before));
    },
  };
}

/** @param {import("../model/model.js").Model} model @returns {boolean} whether each latent has steps of its own */
const inDeviations = ({ card, continuous }) => !continuous?.prior && card.latents.length > 0;

/** @param {import("../model/model.js").Model} model @returns {string[]} what the steps are called */
function columnsOf(model) {
  const { steps } = model.latents[0];
  if (!inDeviations(model)) return steps.map((step) => spell(step, 1));
  const middle = (steps.length - 1) / 2;
  return steps.map((_, at) => spell(((at - middle) * 3) / middle, 1));
}
