import { el } from "../dom.js";
import { svg } from "../svg.js";
import { scaleOf, spellShort, spellTick } from "./ward.js";

const [HEIGHT, LEFT, TOP, BOTTOM] = [150, 62, 8, 10];

/**
 * A run to be drawn: how it is called in a sentence, and how its line looks.
 *
 * @typedef {{name: string, look: "healthy" | "patient" | "treated", record: import("./ward.js").Seen}} Drawn
 * @typedef {"reported" | "reconstruction" | "kl" | "honest" | "encoder" | "decoder"} Name
 */

/** @type {{name: Name, title: string, isLog?: boolean}[]} */
const CURVES = [
  { name: "reported", title: "The loss it prints" },
  { name: "reconstruction", title: "The reconstruction it prints" },
  { name: "kl", title: "The KL it prints" },
  { name: "honest", title: "Measured: −ELBO, other images" },
  { name: "encoder", title: "Length of the encoder’s gradient", isLog: true },
  { name: "decoder", title: "Length of the decoder’s gradient", isLog: true },
];

/**
 * All curves of some runs, one plot each, and the KL of each latent.
 *
 * @param {...HTMLElement} beside what stands after them
 */
export function createPlots(...beside) {
  const plots = CURVES.map((curve) => createCurve(curve));
  const latents = createLatents();
  return {
    element: el("div", { class: "clinic-plots" }, ...plots.map(({ element }) => element), latents.element, ...beside),
    /** @param {Drawn[]} drawn the last one on top */
    draw(drawn) {
      for (const plot of plots) plot.draw(drawn);
      latents.draw(drawn);
    },
  };
}

/**
 * A plot as wide as its place, in which figures keep the size of other text.
 *
 * @param {string} title
 * @param {(plot: {drawing: SVGElement, words: HTMLElement, width: number}, drawn: Drawn[]) => void} paint
 */
function figure(title, paint) {
  const drawing = svg("svg", { height: HEIGHT, role: "img" });
  const words = el("p", {});
  /** @type {Drawn[]} */
  let drawn = [];
  let width = 0;
  const repaint = () => width && drawn.length && paint({ drawing, words, width }, drawn);
  // In the plot's own pixels, however large the page is shown.
  new ResizeObserver(([{ contentRect }]) => {
    width = contentRect.width;
    repaint();
  }).observe(drawing);
  return {
    element: el("figure", { class: "clinic-plot" }, el("h3", { text: title }), drawing, words),
    /** @param {Drawn[]} next */
    draw(next) {
      drawn = next;
      repaint();
    },
  };
}

/** @param {{name: string, value: number | null | undefined}[]} ends @returns {string} */
const spellEnds = (ends) => `${ends.map(({ name, value }) => `${name}: ${spellShort(value)}`).join(" · ")}`;

/** @param {{name: Name, title: string, isLog?: boolean}} curve */
function createCurve({ name, title, isLog = false }) {
  const plot = figure(title, ({ drawing, words, width }, drawn) => {
    const known = drawn.flatMap(({ record }) => record[name].filter((value) => value !== null));
    if (!known.length) return;
    const { low, high, toShare } = scaleOf(known, isLog);
    const y = (/** @type {number} */ value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - toShare(value));
    const lines = drawn.map(({ look, record }) => {
      // Each over its own training: one may have more steps than another.
      const most = drawn.find((one) => one.look !== "treated" && one.look === look)?.record.steps.at(-1);
      const steps = look === "treated" ? longest(drawn) : (most ?? 1);
      const points = record[name].flatMap((value, at) =>
        value === null ? [] : [`${LEFT + ((width - LEFT - 4) * record.steps[at]) / steps},${y(value).toFixed(1)}`],
      );
      return svg("polyline", { points: points.join(" "), class: `clinic-line ${look}` });
    });
    drawing.replaceChildren(
      svg("path", { d: `M${LEFT},${TOP} V${HEIGHT - BOTTOM} H${width - 4}`, class: "train-axis" }),
      svg("text", { x: LEFT - 5, y: y(high) + 5, class: "train-tick end", text: spellTick(high) }),
      svg("text", { x: LEFT - 5, y: y(low) + 3, class: "train-tick end", text: spellTick(low) }),
      ...lines,
    );
    words.textContent = spellEnds(drawn.map((one) => ({ name: one.name, value: one.record[name].at(-1) })));
    drawing.setAttribute("aria-label", `${title}. At the end, ${words.textContent}`);
  });
  plot.element.dataset.curve = name;
  return plot;
}

/** @param {Drawn[]} drawn @returns {number} the steps of the patient, which a cure has as well */
const longest = (drawn) => drawn.find(({ look }) => look === "patient")?.record.steps.at(-1) ?? 1;

function createLatents() {
  const title = "KL of each latent";
  return figure(title, ({ drawing, words, width }, drawn) => {
    const rows = drawn.map(({ record }) => [...record.kl_by_latent].sort((a, b) => Number(b) - Number(a)));
    const known = rows.flat().filter((value) => value !== null);
    if (!known.length) return;
    const { high, toShare } = scaleOf([0, ...known], false);
    const y = (/** @type {number} */ value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - toShare(value));
    const most = Math.max(...rows.map((row) => row.length));
    const wide = (width - LEFT - 4) / most;
    drawing.replaceChildren(
      svg("path", { d: `M${LEFT},${TOP} V${HEIGHT - BOTTOM} H${width - 4}`, class: "train-axis" }),
      svg("text", { x: LEFT - 5, y: y(high) + 5, class: "train-tick end", text: spellTick(high) }),
      svg("text", { x: LEFT - 5, y: y(0) + 3, class: "train-tick end", text: "0" }),
      ...rows.flatMap((row, of) =>
        row.map((value, at) =>
          svg("circle", {
            cx: LEFT + wide * (at + 0.5),
            cy: y(value ?? high),
            r: 2.4,
            class: `clinic-dot ${drawn[of].look}`,
          }),
        ),
      ),
    );
    words.textContent = spellEnds(
      drawn.map(({ name }, of) => ({
        name,
        value: rows[of].reduce((/** @type {number} */ sum, kl) => sum + Number(kl), 0),
      })),
    );
    drawing.setAttribute("aria-label", `${title}, the largest first. The sum of all, ${words.textContent}`);
  });
}
