import { clamp } from "../clamp.js";
import { el, spell } from "../dom.js";
import { tellProbes } from "../lesson/probes.js";
import { svg } from "../svg.js";
import { descend, kl, logDensity } from "./math.js";
import { action, createDial, draggable, section } from "./widgets.js";

const [LEFT, RIGHT, WIDTH, HEIGHT] = [-5, 5, 400, 180];
/** A density that would reach the upper edge: no Gaussian of the page is taller, so each can be held at its top. */
const TALLEST = 1.4;
const STEPS = 400;
const [NARROWEST, WIDEST] = [0.3, 4];

/** One Gaussian for a distribution with two humps, and the KL in both directions. */
export function humps() {
  const p = [
    { mean: -2, sigma: 0.4, share: 0.6 },
    { mean: 2, sigma: 0.4, share: 0.4 },
  ];
  let q = { mean: 0.6, sigma: 0.6, share: 1 };
  let frame = 0;
  const [given, mine] = ["small-given", "small-mine"].map((name) => svg("path", { class: name }));
  const handle = svg("circle", {
    r: 8,
    class: "small-point",
    role: "button",
    "aria-label": "The top of your Gaussian",
  });
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "small-plot", "aria-label": "Two humps and one Gaussian" },
    given,
    mine,
    handle,
  );
  const facts = el("dl", { class: "small-facts two" });
  const mean = createDial({
    label: "mean",
    min: LEFT,
    max: RIGHT,
    value: q.mean,
    onInput: (to) => take({ ...q, mean: to }),
  });
  const sigma = createDial({
    label: "σ",
    min: NARROWEST,
    max: WIDEST,
    value: q.sigma,
    onInput: (to) => take({ ...q, sigma: to }),
  });
  const gap = createDial({
    label: "distance of the humps",
    min: 0,
    max: 6,
    value: 4,
    onInput(to) {
      stop();
      [p[0].mean, p[1].mean] = [-to / 2, to / 2];
      show();
    },
  });
  draggable(
    handle,
    drawing,
    ({ x, y }) => take({ ...q, mean: LEFT + (x / WIDTH) * (RIGHT - LEFT), sigma: widthOf((1 - y / HEIGHT) * TALLEST) }),
    (right, up) => take({ ...q, mean: q.mean + right / 10, sigma: q.sigma - up / 20 }),
  );

  /** By hand: what runs stops. @param {typeof q} to */
  function take(to) {
    stop();
    put(to);
  }

  /** @param {typeof q} to */
  function put(to) {
    q = { ...to, mean: clamp(to.mean, LEFT, RIGHT), sigma: clamp(to.sigma, NARROWEST, WIDEST) };
    mean.set(q.mean);
    sigma.set(q.sigma);
    show();
  }

  function stop() {
    cancelAnimationFrame(frame);
  }

  /** @param {(hump: typeof q) => number} cost */
  function run(cost) {
    stop();
    let left = STEPS;
    const step = () => {
      const next = descend(cost, q);
      if (next === q || left-- === 0 || !drawing.isConnected) return;
      put(next);
      frame = requestAnimationFrame(step);
    };
    step();
  }

  function show() {
    given.setAttribute("d", `${curve(p)}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`);
    mine.setAttribute("d", curve([q]));
    handle.setAttribute("cx", String(across(q.mean)));
    handle.setAttribute("cy", String(Math.max(8, height(Math.exp(logDensity([q], q.mean))))));
    const [forward, reverse] = [kl(p, [q]), kl([q], p)];
    tellProbes(facts, { reverse_kl: reverse });
    facts.replaceChildren(
      el("dt", { text: "forward, KL(p ‖ q)" }),
      el("dd", { text: `${spell(forward)} nats` }),
      el("dt", { text: "reverse, KL(q ‖ p)" }),
      el("dd", { text: `${spell(reverse)} nats` }),
    );
  }

  show();
  return section(
    {
      id: "humps",
      title: "Two humps: forward and reverse KL",
      lead: "The grey distribution p has two humps, and your Gaussian q has one. How far apart are they? That depends on which of the two you average over.",
      try: "Place q by hand so that the forward KL is small, then the reverse. Then let each run down, from several starts.",
      why:
        "Forward KL averages over p: wherever p has mass q must have some, so q spreads over both humps. Reverse KL averages over q: " +
        "q must stay where p has mass, so it takes one hump, whichever is nearer. A VAE uses both: its ELBO fits the model to " +
        "the data forwards, and q(z|x) to the true posterior in reverse, so q is too narrow rather than too wide.",
    },
    drawing,
    el("div", { class: "small-dials" }, mean.element, sigma.element, gap.element),
    el(
      "div",
      { class: "small-actions" },
      action("Run down the forward KL", () => run((hump) => kl(p, [hump]))),
      action("Run down the reverse KL", () => run((hump) => kl([hump], p))),
    ),
    facts,
  );
}

/** @param {number} x */
const across = (x) => ((x - LEFT) / (RIGHT - LEFT)) * WIDTH;
/** @param {number} density */
const height = (density) => HEIGHT * (1 - density / TALLEST);
/** @param {number} top of a Gaussian */
const widthOf = (top) => 1 / (Math.max(top, 0.05) * Math.sqrt(2 * Math.PI));

/** @param {import("./math.js").Hump[]} mixture */
function curve(mixture) {
  const points = Array.from({ length: 201 }, (_, at) => {
    const x = LEFT + (at / 200) * (RIGHT - LEFT);
    return `${across(x).toFixed(1)} ${height(Math.exp(logDensity(mixture, x))).toFixed(1)}`;
  });
  return `M${points.join("L")}`;
}
