import { clamp } from "../clamp.js";
import { el, spell } from "../dom.js";
import { svg } from "../svg.js";
import { gaussianNats, leastSquares, squaredError } from "./math.js";
import { action, createDial, draggable, section } from "./widgets.js";

const [WIDTH, HEIGHT, UNIT] = [10, 6, 40];
const START = [
  [1, 1.2],
  [2.5, 2.1],
  [4, 2.4],
  [5.5, 3.4],
  [7, 3.5],
  [8.5, 4.7],
];

/** A line through points: squared error, and the nats that Gaussian noise of one width costs. */
export function line() {
  const points = START.map(([x, y]) => ({ x, y }));
  const mine = { slope: 0.1, offset: 2.5 };
  let sigma = 0.5;
  const [best, own] = ["small-best", "small-own"].map((name) => svg("line", { class: name }));
  const drawing = svg("svg", {
    viewBox: `0 0 ${WIDTH * UNIT} ${HEIGHT * UNIT}`,
    class: "small-plot",
    "aria-label": "Points and two lines",
  });
  const dots = points.map((point, at) => {
    const dot = svg("circle", { r: 7, class: "small-point", role: "button", "aria-label": `Point ${at + 1}` });
    const move = (/** @type {number} */ x, /** @type {number} */ y) => {
      point.x = clamp(x, 0, WIDTH);
      point.y = clamp(y, 0, HEIGHT);
      show();
    };
    draggable(
      dot,
      drawing,
      ({ x, y }) => move(x / UNIT, HEIGHT - y / UNIT),
      (right, up) => move(point.x + right / 10, point.y + up / 10),
    );
    return dot;
  });
  drawing.append(best, own, ...dots);
  const facts = el("dl", { class: "small-facts" });
  const slope = createDial({ label: "slope", min: -1, max: 1, value: mine.slope, onInput: (to) => set({ slope: to }) });
  const offset = createDial({
    label: "offset",
    min: -2,
    max: 6,
    value: mine.offset,
    onInput: (to) => set({ offset: to }),
  });
  const width = createDial({
    label: "σ of the noise",
    min: 0.1,
    max: 2,
    value: sigma,
    onInput(to) {
      sigma = to;
      show();
    },
  });

  /** @param {Partial<typeof mine>} change */
  function set(change) {
    Object.assign(mine, change);
    show();
  }

  function show() {
    const fitted = leastSquares(points);
    place(best, fitted);
    place(own, mine);
    points.forEach(({ x, y }, at) => {
      dots[at].setAttribute("cx", String(x * UNIT));
      dots[at].setAttribute("cy", String((HEIGHT - y) * UNIT));
    });
    facts.replaceChildren(
      ...[
        ["", "your line", "least squares"],
        ["squared error", spell(squaredError(points, mine)), spell(squaredError(points, fitted))],
        ["−ln p(y | x), nats", spell(gaussianNats(points, mine, sigma)), spell(gaussianNats(points, fitted, sigma))],
      ].flatMap(([name, ...values]) => [el("dt", { text: name }), ...values.map((text) => el("dd", { text }))]),
    );
  }

  show();
  return section(
    {
      id: "line",
      title: "Squared error is a likelihood",
      lead: "The line says that y is Gaussian around it, with this σ. Squared error and nats are two measures of the same fit.",
      try: "Find the best line by hand. Then drag one point far off, and change σ: which of the two numbers moves, and does the best line?",
      why:
        "−ln p = squared error / (2σ²) + n ln(σ √(2π)). For a fixed σ both are smallest for the same line, and minimising them is " +
        "minimising KL(data ‖ model), the forward KL. σ decides how many nats an error costs: it is the hidden weight, a β, of " +
        "every VAE that is trained with squared error. An outlier costs the square of its distance, so it pulls the line.",
    },
    drawing,
    el("div", { class: "small-dials" }, slope.element, offset.element, width.element),
    el(
      "div",
      { class: "small-actions" },
      action("Take the best line", () => {
        const fitted = leastSquares(points);
        slope.set(fitted.slope);
        offset.set(fitted.offset);
        set(fitted);
      }),
    ),
    facts,
  );
}

/** @param {SVGElement} element @param {{slope: number, offset: number}} line */
function place(element, { slope, offset }) {
  const ends = { x1: 0, y1: (HEIGHT - offset) * UNIT, x2: WIDTH * UNIT, y2: (HEIGHT - offset - slope * WIDTH) * UNIT };
  for (const [name, value] of Object.entries(ends)) element.setAttribute(name, String(value));
}
