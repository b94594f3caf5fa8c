import { el } from "../dom.js";
import { seeded } from "../engine/seeded.js";
import { svg } from "../svg.js";
import { action, section } from "./widgets.js";

const SIDE = 7;
/**
 * Two strokes, and the grey between them where a model is not sure which of the two it will be.
 *
 * @type {number[][]}
 */
const START = ["....+..", "..+#+..", ".+.#.+.", "+.....+", "+.....+", ".+.#.+.", "..+#+.."].map((row) =>
  [...row].map((cell) => (cell === "#" ? 0.9 : cell === "+" ? 0.5 : 0.05)),
);

/** An image whose pixels are coins of their own: grey levels, and what is drawn from them. */
export function bernoulli() {
  const levels = START.map((row) => [...row]);
  const random = seeded(7);
  let level = 1;
  const mean = createImage("The grey levels, each the chance of white; drag over them to paint", paint);
  const draws = [0, 1, 2, 3].map((at) => createImage(`Draw ${at + 1}`));

  /** @param {number} row @param {number} column */
  function paint(row, column) {
    levels[row][column] = level;
    mean.show(levels);
  }

  function draw() {
    for (const image of draws) image.show(levels.map((row) => row.map((p) => (random() < p ? 1 : 0))));
  }

  mean.show(levels);
  draw();
  return section(
    {
      id: "bernoulli",
      title: "An image of coins: independent Bernoulli pixels",
      lead: "A decoder of black and white images gives each pixel its own chance of white, here as a grey level.",
      try: "Paint, and draw again. Is any draw as smooth as the picture of grey levels?",
      why:
        "Given z, the pixels are drawn independently: p(x|z) is the product of a coin for each pixel. The picture that the " +
        "explorer shows is the mean of this distribution. It is not a sample: a sample has no grey.",
    },
    el(
      "div",
      { class: "small-images" },
      el("figure", {}, mean.element, el("figcaption", { text: "grey levels" })),
      ...draws.map(({ element }, at) => el("figure", {}, element, el("figcaption", { text: `draw ${at + 1}` }))),
    ),
    el(
      "div",
      { class: "small-actions" },
      action("Draw again", draw),
      ...[
        ["Paint white", 1],
        ["Paint grey", 0.5],
        ["Paint black", 0],
      ].map(([text, value]) => action(String(text), () => (level = Number(value)))),
    ),
  );
}

/** @param {string} title @param {(row: number, column: number) => void} [onPaint] */
function createImage(title, onPaint) {
  const cells = Array.from({ length: SIDE * SIDE }, (_, at) =>
    svg("rect", { x: at % SIDE, y: Math.floor(at / SIDE), width: 1.02, height: 1.02 }),
  );
  const element = svg("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, role: "img", "aria-label": title }, ...cells);
  if (onPaint) {
    element.classList.add("paintable");
    const put = (/** @type {PointerEvent} */ event) => {
      const { left, top, width, height } = element.getBoundingClientRect();
      const [column, row] = [(event.clientX - left) / width, (event.clientY - top) / height].map((share) =>
        Math.floor(share * SIDE),
      );
      if (row >= 0 && row < SIDE && column >= 0 && column < SIDE) onPaint(row, column);
    };
    element.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      event.preventDefault();
      element.setPointerCapture(event.pointerId);
      put(event);
    });
    element.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
      if (element.hasPointerCapture(event.pointerId)) put(event);
    });
  }
  return {
    element,
    /** @param {number[][]} image */
    show: (image) =>
      image.flat().forEach((value, at) => {
        cells[at].setAttribute("fill", `rgb(${[0, 1, 2].map(() => Math.round(255 * value)).join(" ")})`);
      }),
  };
}
