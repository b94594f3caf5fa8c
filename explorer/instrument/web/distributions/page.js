import { el } from "../dom.js";
import { createFrame } from "../page/frame.js";
import { ancestral } from "./ancestral.js";
import { bernoulli } from "./bernoulli.js";
import { categorical } from "./categorical.js";
import { humps } from "./humps.js";
import { line } from "./line.js";
import { points } from "./points.js";
import { table } from "./table.js";

/** Every part of the page, in the order of a class. */
const PARTS = [categorical, bernoulli, ancestral, table, line, humps, points];

/** All of them, to be dragged. */
export const createParts = () => el("div", { class: "small-parts" }, ...PARTS.map((part) => part()));

/**
 * The page of small distributions: what the models are made of, small enough to hold in a hand.
 *
 * @param {HTMLElement} root
 * @param {{assets: string}} options
 * @returns {{destroy(): void}}
 */
export function mount(root, { assets }) {
  const frame = createFrame(root, { assets, name: "distributions" });
  frame.show(
    el(
      "div",
      {},
      el("h1", { text: "Small distributions" }),
      el("p", {
        class: "lessons-lead",
        text:
          "What generative models are made of, each in a size that you can play with. Every number is computed as you drag, and the " +
          "last part trains while you watch.",
      }),
      createParts(),
    ),
  );
  frame.styled.then(() => frame.element.setAttribute("data-ready", ""));
  return { destroy: frame.destroy };
}
