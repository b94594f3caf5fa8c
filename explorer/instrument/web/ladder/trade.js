import { clamp } from "../clamp.js";
import { el, spell } from "../dom.js";
import { svg } from "../svg.js";
import { provenance, term } from "../term.js";
import { besides } from "./labels.js";
import { median, ticks } from "./points.js";
import { hasTurned, placeOf } from "./state.js";
import { finalOf, metricOf, rowOf, rungsOf } from "./table.js";
import { called, spellBeta } from "./words.js";

const [WIDTH, HEIGHT] = [330, 176];
const FIELD = { left: 36, right: 322, top: 22, bottom: 140 };
/** Of the span of the points, left free on each side. */
const MARGIN = 0.12;

/**
 * Rate against distortion: every run a point, the medians of the rungs joined by a curve, the model on screen ringed.
 *
 * @type {import("./stage.js").TablePanel}
 */
export default { name: "trade", place: "numbers", fits, create };

/** @param {import("./table.js").Table} table @returns {true | string} */
function fits(table) {
  return (
    table.runs.some((run) => rateAndDistortion(finalOf(run)) !== null) ||
    "Rate against distortion: the reconstruction was not measured in nats."
  );
}

/** @param {import("./stage.js").TableStage} stage @returns {import("./stage.js").TablePart} */
function create({ table, move }) {
  const points = table.runs.flatMap((run) => {
    const here = rateAndDistortion(finalOf(run));
    return here ? [{ run, ...here }] : [];
  });
  const x = scale(
    points.map(({ rate }) => rate),
    FIELD.left,
    FIELD.right,
  );
  const y = scale(
    points.map(({ distortion }) => distortion),
    FIELD.bottom,
    FIELD.top,
  );
  const medians = rungsOf(table).flatMap((row) => {
    const own = points.filter(({ run }) => run.recipe === row.recipe);
    if (!own.length) return [];
    const rate = median(own.map(({ rate }) => rate));
    return [{ row, rate, distortion: median(own.map(({ distortion }) => distortion)) }];
  });
  const dots = points.map((point) => ({ run: point.run, shape: dot(point) }));
  const line = svg("path", { class: "iso" });
  const ring = svg("path", { class: "ring" });
  const through = medians.map(({ rate, distortion }, at) => `${at ? "L" : "M"}${x(rate)} ${y(distortion)}`);
  const named = medians.map(({ row, rate, distortion }) => ({
    x: x(rate),
    y: y(distortion),
    text: spellBeta(row.beta),
  }));
  const spots = points.map(({ rate, distortion }) => ({ x: x(rate), y: y(distortion) }));
  const names = besides(named, spots).map(
    (label, at) => label && { x: label.x, y: label.y, "text-anchor": label.anchor, text: named[at].text },
  );
  const clip = `trade-${Math.random().toString(36).slice(2)}`;
  const { left, right, top, bottom } = FIELD;
  const picture = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "plot", role: "img" },
    svg("clipPath", { id: clip }, svg("rect", { x: left, y: top, width: right - left, height: bottom - top })),
    svg("path", { class: "axes", d: `M${left} ${top}V${bottom}H${right}` }),
    ...ticks(...x.domain, 5).map((tick) =>
      svg("text", { class: "tick", x: x(tick), y: bottom + 15, "text-anchor": "middle", text: String(tick) }),
    ),
    ...ticks(...y.domain, 4).map((tick) =>
      svg("text", { class: "tick", x: left - 6, y: y(tick) + 4, "text-anchor": "end", text: String(tick) }),
    ),
    svg("text", { class: "tick", x: right, y: HEIGHT - 3, "text-anchor": "end", text: "rate (KL), nats" }),
    svg("text", { class: "tick", x: 0, y: 11, text: "distortion, nats" }),
    svg("g", { "clip-path": `url(#${clip})` }, line, svg("path", { class: "curve", d: through.join("") })),
    ...dots.map(({ shape }) => shape),
    ...names.map((name) => name && svg("text", { class: "beta-name", ...name })),
    ring,
  );

  /** @param {{run: import("./table.js").Run, rate: number, distortion: number}} point @returns {SVGElement} */
  function dot({ run, rate, distortion }) {
    const row = rowOf(table, run.recipe);
    const shape =
      typeof row.beta === "number"
        ? svg("circle", { r: 3.4, cx: x(rate), cy: y(distortion) })
        : svg("path", { d: `M${x(rate)} ${y(distortion) - 4.4}l4.4 4.4-4.4 4.4-4.4-4.4z` });
    const figures = `rate ${spell(rate, 1)}, distortion ${spell(distortion, 1)} nats`;
    shape.append(svg("title", { text: `${called(row)}, seed ${run.seed}: ${figures}` }));
    shape.addEventListener("click", () => move({ recipe: run.recipe, seed: run.seed }));
    return shape;
  }

  const figures = el("p", { class: "figures" });
  const how = el("p", { class: "hint lead" });
  const element = el(
    "section",
    { class: "trade", "aria-label": "Rate and distortion" },
    el("h2", { text: "Rate and distortion" }),
    how,
    points.length ? picture : el("p", { class: "hint", text: "No run of this table has both." }),
    figures,
  );

  return {
    element,
    show(state, before) {
      if (!hasTurned(state, before)) return;
      const { run, stage } = placeOf(table, state);
      for (const dot of dots) dot.shape.setAttribute("class", `dot${dot.run.recipe === run.recipe ? " same" : ""}`);
      const here = rateAndDistortion(stage);
      const [rate, distortion] = ["kl", "reconstruction"].map((name) => metricOf(stage, name));
      how.replaceChildren(
        ...(rate && distortion
          ? [
              term(
                "Rate",
                `The most that z holds about an image, on average. It is the KL of all latents together. ${provenance(rate)}`,
              ),
              ": the most that z can hold of an image. ",
              term(
                "Distortion",
                `What the decoder still misses of an image: the reconstruction term. ${provenance(distortion)}`,
              ),
              ": what is lost. A larger β buys a lower rate with more distortion. Dashed: where their sum, −ELBO, is " +
                "this model’s.",
            ]
          : ["Rate and distortion were not measured at this point of training."]),
      );
      line.setAttribute("d", "");
      ring.setAttribute("d", "");
      figures.replaceChildren();
      if (!here || !points.length) return;
      const sum = here.rate + here.distortion;
      const [from, to] = x.domain;
      line.setAttribute("d", `M${x(from)} ${y(sum - from)}L${x(to)} ${y(sum - to)}`);
      const at = [x(here.rate), y(here.distortion)];
      const held = [clamp(at[0], left, right), clamp(at[1], top, bottom)];
      const outside = held.some((value, axis) => value !== at[axis]);
      ring.setAttribute("class", outside ? "ring outside" : "ring");
      ring.setAttribute("d", `M${held[0] - 7} ${held[1]}a7 7 0 1 0 14 0a7 7 0 1 0-14 0`);
      /** @type {[string, number][]} */
      const values = [
        ["rate", here.rate],
        ["distortion", here.distortion],
        ["−ELBO", sum],
      ];
      figures.replaceChildren(
        ...values.map(([name, value]) => el("span", {}, `${name} `, el("b", { text: spell(value, 1) }), " nats")),
        ...(outside ? [el("span", { class: "hint", text: "(off this plot)" })] : []),
      );
      const label = `Rate ${spell(here.rate, 1)} nats, distortion ${spell(here.distortion, 1)} nats`;
      picture.setAttribute("aria-label", `${label}: one of ${points.length} runs`);
    },
  };
}

/** @param {import("./table.js").Stage} stage */
function rateAndDistortion(stage) {
  const [rate, distortion] = ["kl", "reconstruction"].map((name) => metricOf(stage, name)?.value);
  return rate === undefined || distortion === undefined ? null : { rate, distortion };
}

/**
 * @param {number[]} values
 * @param {number} from
 * @param {number} to
 */
function scale(values, from, to) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const spare = MARGIN * (most - least || Math.abs(most) || 1);
  const domain = /** @type {[number, number]} */ ([least - spare, most + spare]);
  const place = (/** @type {number} */ value) => from + ((value - domain[0]) / (domain[1] - domain[0])) * (to - from);
  return Object.assign(place, { domain });
}
