import { clamp } from "../clamp.js";
import { context2d, el, spell } from "../dom.js";
import { standardNormal } from "../engine/gaussian.js";
import { seeded } from "../engine/seeded.js";
import { svg } from "../svg.js";
import { createVae } from "./vae.js";
import { action, createDial, draggable, section } from "./widgets.js";

const [COUNT, REACH, SIDE] = [400, 3, 300];
/** Milliseconds of a frame that go to training; the rest is for drawing, and for the hand. */
const SHARE = 10;
const LINES = [-2, -1, 0, 1, 2];
/** Shapes of points that one Gaussian cannot be. @type {Record<string, (u: number, random: () => number) => [number, number]>} */
const SHAPES = {
  "Two moons": (u) => {
    const angle = 2 * Math.PI * u;
    return u < 0.5
      ? [1.6 * Math.cos(angle) - 0.8, 1.6 * Math.sin(angle) - 0.4]
      : [1.6 * Math.cos(angle) + 0.8, 1.6 * Math.sin(angle) + 0.4];
  },
  Ring: (u) => [1.9 * Math.cos(2 * Math.PI * u), 1.9 * Math.sin(2 * Math.PI * u)],
  "Four heaps": (u, random) => {
    const at = Math.floor(4 * u);
    return [
      (at % 2 ? 1.4 : -1.4) + 0.25 * standardNormal(random),
      (at < 2 ? 1.4 : -1.4) + 0.25 * standardNormal(random),
    ];
  },
};
const NOISE = 0.12;

/** A VAE of points in the plane that learns while one looks. */
export function points() {
  const random = seeded(5);
  /** @type {Float64Array} */
  let data;
  /** @type {string[]} */
  let colours;
  let vae = createVae(random);
  let beta = 1;
  let frame = 0;
  let here = [0, 0];
  /** @type {{reconstruction: number, kl: number} | null} averages over the last steps */
  let told = null;

  const [seen, codes] = ["The points, and what the decoder makes of the plane of codes", "The plane of codes"].map(
    (title) =>
      el("canvas", { class: "small-canvas", width: 2 * SIDE, height: 2 * SIDE, role: "img", "aria-label": title }),
  );
  const [made, handle] = [
    svg("circle", { r: 7, class: "small-decoded" }),
    svg("circle", {
      r: 8,
      class: "small-point",
      role: "button",
      "aria-label": "The code z: drag it, and see its point",
    }),
  ];
  const [over, under] = [made, handle].map((mark) =>
    svg("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, class: "small-over" }, mark),
  );
  draggable(
    handle,
    under,
    ({ x, y }) => move(to(x), -to(y)),
    (right, up) => move(here[0] + right / 10, here[1] + up / 10),
  );
  const facts = el("dl", { class: "small-facts two" });
  const start = action("Train", () => (frame ? stop() : run()));
  const weight = createDial({
    label: "β, the weight of the KL",
    min: 0,
    max: 8,
    value: beta,
    onInput: (value) => (beta = value),
  });

  /** @param {string} shape */
  function take(shape) {
    data = new Float64Array(2 * COUNT);
    colours = [];
    for (let n = 0; n < COUNT; n++) {
      const [x, y] = SHAPES[shape](n / COUNT, random);
      data.set([x + NOISE * standardNormal(random), y + NOISE * standardNormal(random)], 2 * n);
      colours.push(`hsl(${Math.round((360 * n) / COUNT)} 70% 48%)`);
    }
    again();
  }

  /** Anew, from weights that know nothing. */
  function again() {
    vae = createVae(random);
    told = null;
    draw();
  }

  function run() {
    start.textContent = "Pause";
    const step = () => {
      if (!seen.isConnected) return stop();
      const until = performance.now() + SHARE;
      do {
        const { reconstruction, kl } = vae.train(data, beta);
        told ??= { reconstruction, kl };
        told.reconstruction += (reconstruction - told.reconstruction) / 50;
        told.kl += (kl - told.kl) / 50;
      } while (performance.now() < until);
      draw();
      frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
  }

  function stop() {
    cancelAnimationFrame(frame);
    frame = 0;
    start.textContent = "Train";
  }

  /** @param {number} x @param {number} y of z */
  function move(x, y) {
    here = [clamp(x, -REACH, REACH), clamp(y, -REACH, REACH)];
    mark();
  }

  function mark() {
    place(handle, here);
    place(made, vae.decode(Float64Array.from(here)));
  }

  function draw() {
    const ink = getComputedStyle(seen).color;
    const [left, right] = [seen, codes].map((canvas) => {
      const context = context2d(canvas);
      context.setTransform(SIDE / REACH, 0, 0, -SIDE / REACH, SIDE, SIDE);
      context.clearRect(-REACH, -REACH, 2 * REACH, 2 * REACH);
      context.lineWidth = REACH / SIDE;
      context.strokeStyle = ink;
      return context;
    });
    const posteriors = vae.encode(data);
    for (let n = 0; n < COUNT; n++) {
      left.fillStyle = right.fillStyle = colours[n];
      dot(left, data[2 * n], data[2 * n + 1]);
      dot(right, posteriors[n].mean[0], posteriors[n].mean[1]);
      if (n % 20 === 0) {
        right.beginPath();
        const [wide, high] = posteriors[n].logVariance.map((value) => Math.exp(value / 2));
        right.ellipse(posteriors[n].mean[0], posteriors[n].mean[1], wide, high, 0, 0, 2 * Math.PI);
        right.strokeStyle = colours[n];
        right.stroke();
        right.strokeStyle = ink;
      }
    }
    right.globalAlpha = left.globalAlpha = 0.5;
    for (const radius of [1, 2]) {
      right.beginPath();
      right.arc(0, 0, radius, 0, 2 * Math.PI);
      right.stroke();
    }
    // How the decoder bends the plane: the lines of a grid of codes, decoded.
    for (const fixed of LINES)
      for (const across of [true, false]) {
        const line = Float64Array.from({ length: 82 }, (_, i) => {
          const along = -2 + (4 * (i >> 1)) / 40;
          return (i % 2 === 0) === across ? along : fixed;
        });
        for (const [context, path] of /** @type {const} */ ([
          [left, vae.decode(line)],
          [right, line],
        ])) {
          context.beginPath();
          for (let i = 0; i < path.length; i += 2) context.lineTo(path[i], path[i + 1]);
          context.stroke();
        }
      }
    right.globalAlpha = left.globalAlpha = 1;
    mark();
    facts.replaceChildren(
      ...[
        ["steps", spell(vae.steps(), 0)],
        ["reconstruction", told ? `${spell(told.reconstruction)} nats` : "not trained yet"],
        ["KL", told ? `${spell(told.kl)} nats` : "not trained yet"],
        ["σ of p(x|z)", spell(vae.sigma())],
      ].flatMap(([name, text]) => [el("dt", { text: name }), el("dd", { text })]),
    );
  }

  take("Two moons");
  // Of a page that is not dressed yet the ink is not known.
  requestAnimationFrame(draw);
  return section(
    {
      id: "points",
      title: "A VAE that learns while you watch",
      lead: "On the left, points in the plane, and the grid of codes as the decoder bends it. On the right, the codes that the encoder gives the points.",
      try: "Press Train and watch the codes fill the circles of the prior. Drag z on the right. Then turn β up to 8, and down to 0.",
      why:
        "The decoder lays a flat sheet of codes over the points, and the encoder says where on the sheet each of them lies, as a small " +
        "Gaussian (some are drawn). The KL pulls these together until they look like draws from the prior; with β = 0 nothing does. " +
        "With a large β the Gaussians grow as wide as the prior, the codes tell nothing, and the sheet shrinks to a point.",
    },
    el(
      "div",
      { class: "small-planes" },
      el("figure", {}, el("div", {}, seen, over), el("figcaption", { text: "points x, and decoded z" })),
      el("figure", {}, el("div", {}, codes, under), el("figcaption", { text: "codes z, and the prior's circles" })),
    ),
    el("div", { class: "small-dials" }, weight.element),
    el(
      "div",
      { class: "small-actions" },
      start,
      action("Start again", again),
      ...Object.keys(SHAPES).map((shape) => action(shape, () => take(shape))),
    ),
    facts,
  );
}

/** @param {number} pixel */
const to = (pixel) => (pixel / SIDE) * 2 * REACH - REACH;

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y */
function dot(context, x, y) {
  context.beginPath();
  context.arc(x, y, 0.035, 0, 2 * Math.PI);
  context.fill();
}

/** @param {SVGElement} mark @param {ArrayLike<number>} at */
function place(mark, at) {
  mark.setAttribute("cx", String(((at[0] + REACH) / (2 * REACH)) * SIDE));
  mark.setAttribute("cy", String(((REACH - at[1]) / (2 * REACH)) * SIDE));
}
