import { context2d, el, latentName, spell } from "../dom.js";
import { cellOf, STEPS } from "../engine/rows.js";
import { present } from "../present.js";
import { rove } from "../roving.js";

/**
 * The grid: a row a latent, a column a step, the current value framed, each cell a click away.
 *
 * @param {{card: import("../checkpoint/checkpoint.js").Card, commands: import("../commands.js").Commands}} options
 */
export function createTraversals({ card, commands }) {
  const [, height, width] = card.output.shape;
  const axis = el(
    "div",
    { class: "axis", role: "row" },
    el("span", { role: "columnheader", "aria-label": "Latent" }),
    ...STEPS.map((step) => el("span", { role: "columnheader", text: spell(step, 1) })),
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
    const name = latentName(latent);
    const canvas = el("canvas", { width: STEPS.length * width, height, "aria-hidden": "true" });
    const frame = el("span", { class: "cell-frame" });
    const cells = STEPS.map((step) =>
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
    return { row, canvas, frame, cells, context: context2d(canvas, { alpha: false }) };
  }

  return {
    element,
    /** @param {number[]} latents the rows to show, top to bottom */
    arrange(latents) {
      order = latents;
      for (const latent of latents) if (!rows.has(latent)) rows.set(latent, createRow(latent));
      grid.replaceChildren(axis, ...latents.map((latent) => rowOf(latent).row));
      if (latents.length) makeCurrent(rowOf(latents[0]).cells[0]);
    },
    /** @param {number} latent @param {ImageData} image */
    draw: (latent, image) => rows.get(latent)?.context.putImageData(image, 0, 0),
    /** @param {number[]} z @param {number[] | undefined} before */
    frame(z, before) {
      for (const latent of order) {
        if (z[latent] === before?.[latent]) continue;
        rowOf(latent).frame.style.transform = `translateX(${Math.round(cellOf(z[latent])) * 100}%)`;
      }
    },
    /** @returns {{latent: number, canvas: HTMLCanvasElement}[]} what the picture of the grid is made from */
    pictures: () => order.map((latent) => ({ latent, canvas: rowOf(latent).canvas })),
  };
}
