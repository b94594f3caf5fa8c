import { el, spell } from "../dom.js";
import { provenance, term } from "../term.js";
import { median, placesOf, pointsOf } from "./points.js";
import { svg } from "./svg.js";
import { metricOf } from "./table.js";
import { called, spellBeta } from "./words.js";

const [WIDTH, HEIGHT] = [300, 46];
const FIELD = { left: 12, right: 288, top: 7, bottom: 39 };

/** What each metric asks, in a line; its protocol comes with the table. */
const ASKS = {
  mig: "how far a factor’s best latent is ahead of its second best",
  sap: "the same gap, in how well one latent alone predicts the factor",
  factor_vae_score: "fix one factor: does the latent that varies least give it away?",
  beta_vae_score: "fix one factor: do differences of codes tell which?",
  dci_disentanglement: "does each latent serve one factor only?",
  dci_completeness: "does one latent suffice for each factor?",
  dci_informativeness: "can the factors be read from the code at all?",
  modularity: "does each latent tell about one factor only?",
  explicitness: "can the factors be read from the code by a line?",
};

/**
 * A strip a metric: every run a point over its rung, the model on screen ringed.
 *
 * @param {{table: import("./table.js").Table, onGo(recipe: string, seed: number): void}} options
 */
export function createScores({ table, onGo }) {
  const places = placesOf(table);
  const last = places.length ? places[places.length - 1].place : 0;
  const x = (place) => FIELD.left + (last ? place / last : 0.5) * (FIELD.right - FIELD.left);
  const strips = table.metrics.map(createStrip).filter((strip) => strip !== null);

  /** @param {string} name */
  function createStrip(name) {
    const points = pointsOf(table, name);
    if (!points.length) return null;
    const values = points.map(({ value }) => value);
    const unit = table.runs.flatMap(({ stages }) => stages.flatMap((stage) => metricOf(stage, name) ?? []))[0];
    const isShare = unit.unit === "of 1";
    const low = isShare ? Math.min(0, ...values) : Math.min(...values);
    const high = isShare ? Math.max(1, ...values) : Math.max(...values);
    const y = (value) => FIELD.bottom - ((value - low) / (high - low || 1)) * (FIELD.bottom - FIELD.top);
    const dots = points.map((point) => {
      const shape = svg("circle", { r: 3, cx: x(point.place), cy: y(point.value) }, null);
      const row = table.rows.find(({ recipe }) => recipe === point.recipe);
      shape.append(svg("title", { text: `${called(row)}, seed ${point.seed}: ${spell(point.value)}` }));
      shape.addEventListener("click", () => onGo(point.recipe, point.seed));
      return { point, shape };
    });
    const bars = places.flatMap(({ row, place }) => {
      const own = points.filter(({ recipe }) => recipe === row.recipe).map(({ value }) => value);
      return own.length > 1 ? [svg("path", { class: "median", d: `M${x(place) - 6} ${y(median(own))}h12` })] : [];
    });
    const ring = svg("circle", { class: "ring", r: 6 });
    const head = el("span", {});
    const value = el("b", { class: "score" });
    const plot = svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "plot", role: "img" },
      svg("path", { class: "axes", d: `M0 ${FIELD.bottom}H${WIDTH}` }),
      svg("path", { class: "axes faint", d: `M0 ${FIELD.top}H${WIDTH}` }),
      ...bars,
      ...dots.map(({ shape }) => shape),
      ring,
    );
    const element = el(
      "div",
      { class: "score-strip" },
      el("p", { class: "score-head" }, head, el("span", { class: "hint", text: ASKS[name] ?? "" }), value),
      plot,
    );
    return { name, element, dots, ring, head, value, plot, x, y, label: unit.label };
  }

  const axis = el(
    "div",
    { class: "score-axis", "aria-hidden": "true" },
    ...places.map(({ row, place }) =>
      el("span", { class: "tick", style: `left: ${(100 * x(place)) / WIDTH}%`, text: typeof row.beta === "number" ? spellBeta(row.beta) : row.title.split(",")[0] }),
    ),
  );
  const element = el(
    "section",
    { class: "scores", "aria-label": "Disentanglement, measured" },
    el("h2", { text: "Disentanglement, measured" }),
    el("p", { class: "hint lead", text: "Every run a point over its β, a dash the median of the seeds. All run from 0 to 1, and more is better." }),
    ...strips.map((strip) => strip.element),
    strips.length ? axis : el("p", { class: "hint", text: "No run of this table was measured." }),
  );

  return {
    element,
    /** @param {import("./table.js").Run} run @param {import("./table.js").Stage} stage */
    show(run, stage) {
      const place = places.find(({ row }) => row.recipe === run.recipe)?.place ?? 0;
      for (const { name, dots, ring, head, value, plot, y, label } of strips) {
        const metric = metricOf(stage, name);
        for (const { point, shape } of dots) shape.setAttribute("class", point.recipe === run.recipe ? "dot same" : "dot");
        head.replaceChildren(metric ? term(label, provenance(metric)) : label);
        value.textContent = metric ? spell(metric.value) : "not measured";
        ring.style.display = metric ? "" : "none";
        if (metric) {
          ring.setAttribute("cx", String(x(place)));
          ring.setAttribute("cy", String(y(metric.value)));
        }
        plot.setAttribute("aria-label", `${label}: ${metric ? spell(metric.value) : "not measured"}, one of ${dots.length} runs`);
      }
    },
  };
}
