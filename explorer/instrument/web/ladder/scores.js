import { el, spell } from "../dom.js";
import { svg } from "../svg.js";
import { explained, term } from "../term.js";
import { median, placesOf, pointsOf } from "./points.js";
import { hasTurned, placeOf } from "./state.js";
import { metricOf, rowOf } from "./table.js";
import { abbreviated, called } from "./words.js";

const [WIDTH, HEIGHT] = [250, 92];
const FIELD = { left: 12, right: 226, top: 6, bottom: 72 };

/** What a 1 says, in a line; how it was measured comes with the table. */
/** @type {Record<string, string>} */
const ASKS = {
  mig: "best latent ahead of the second, in information",
  sap: "best latent ahead of the second, in a linear fit",
  factor_vae_score: "the latent that varies least reveals the fixed factor",
  beta_vae_score: "differences between codes reveal the fixed factor",
  dci_disentanglement: "each latent serves one factor only",
  dci_completeness: "one latent suffices for each factor",
  dci_informativeness: "the factors can be predicted from the code",
  modularity: "each latent tells about one factor only",
  explicitness: "a linear classifier reads the factors from the code",
  info_modularity: "each latent tells about one factor only",
  info_compactness: "one latent tells about each factor",
  info_explicitness: "a linear classifier reads the factors from the code",
  iou_heart: "a heart is decoded as that heart, cut at ½",
  share_shape: "one latent tells all of the shape",
  share_orientation: "one latent tells all of the orientation",
};

/** A strip a metric: every run a point over its rung, the model on screen ringed. @type {import("./stage.js").TablePanel} */
export default { name: "scores", place: "foot", fits: () => true, create };

/** @param {import("./stage.js").TableStage} stage @returns {import("./stage.js").TablePart} */
function create({ table, move }) {
  const places = placesOf(table);
  const last = places.length ? places[places.length - 1].place : 0;
  const x = (/** @type {number} */ place) => FIELD.left + (last ? place / last : 0.5) * (FIELD.right - FIELD.left);
  const strips = table.metrics.map(createStrip).filter((strip) => strip !== null);

  /** @param {string} name */
  function createStrip(name) {
    const points = pointsOf(table, name);
    const stages = table.runs.flatMap((run) => run.stages);
    const { unit, label, perfect } = stages.flatMap((stage) => metricOf(stage, name) ?? [])[0] ?? {};
    // The nats of the others are the axes of the plot beside it.
    if (unit !== "of 1") return null;
    const values = points.map(({ value }) => value);
    const low = Math.min(0, ...values);
    const high = Math.max(1, ...values);
    const y = (/** @type {number} */ value) =>
      FIELD.bottom - ((value - low) / (high - low)) * (FIELD.bottom - FIELD.top);
    const dots = points.map((point) => {
      const shape = svg("circle", { r: 3, cx: x(point.place), cy: y(point.value) }, null);
      const row = rowOf(table, point.recipe);
      shape.append(svg("title", { text: `${called(row)}, seed ${point.seed}: ${spell(point.value)}` }));
      shape.addEventListener("click", () => move({ recipe: point.recipe, seed: point.seed }));
      return { point, shape };
    });
    const bars = places.flatMap(({ row, place }) => {
      const own = points.filter(({ recipe }) => recipe === row.recipe).map(({ value }) => value);
      return own.length > 1 ? [svg("path", { class: "median", d: `M${x(place) - 6} ${y(median(own))}h12` })] : [];
    });
    const guide = svg("path", { class: "axes guide" });
    const ring = svg("circle", { class: "ring", r: 6 });
    const head = el("span", {});
    const value = el("b", { class: "score" });
    const plot = svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "plot", role: "img" },
      svg("path", { class: "axes", d: `M0 ${FIELD.bottom}H${WIDTH}` }),
      svg("path", { class: "axes faint", d: `M0 ${FIELD.top}H${WIDTH}` }),
      ...(typeof perfect === "number" ? [ceiling(y(perfect), perfect)] : []),
      svg("text", { class: "tick", x: WIDTH, y: FIELD.bottom - 3, "text-anchor": "end", text: tidy(low) }),
      svg("text", { class: "tick", x: WIDTH, y: FIELD.top + 11, "text-anchor": "end", text: tidy(high) }),
      guide,
      ...places.map(({ row, place }) =>
        svg(
          "text",
          { class: "tick", x: x(place), y: HEIGHT - 6, "text-anchor": "middle", text: abbreviated(row) },
          svg("title", { text: called(row) }),
        ),
      ),
      ...bars,
      ...dots.map(({ shape }) => shape),
      ring,
    );
    const says = el("span", { class: "hint", text: ASKS[name] ?? "" });
    const element = el("div", { class: "score-strip" }, el("p", { class: "score-head" }, head, says, value), plot);
    return { name, element, dots, guide, ring, head, value, plot, x, y, label };
  }

  const methods = places.filter(({ row }) => typeof row.beta !== "number");
  const names = methods.map(({ row }) => `${abbreviated(row)}: ${row.title}`);
  const legend = names.length ? ` or objective (${names.join("; ")})` : "";
  const element = el(
    "section",
    { class: "scores", "aria-label": "Disentanglement, measured" },
    el("h2", { text: "Disentanglement, measured" }),
    el("p", {
      class: "hint lead",
      text: `A perfect model scores 1, or what the dashed line says. Each run is a point over its β${legend}; a dash is the median over seeds.`,
    }),
    strips.length
      ? el("div", { class: "score-strips" }, ...strips.map((strip) => strip.element))
      : el("p", { class: "hint", text: "No run of this table has such a score." }),
  );

  return {
    element,
    show(state, before) {
      if (!hasTurned(state, before)) return;
      const { run, stage } = placeOf(table, state);
      const place = places.find(({ row }) => row.recipe === run.recipe)?.place ?? 0;
      for (const { name, dots, guide, ring, head, value, plot, y, label } of strips) {
        const metric = metricOf(stage, name);
        for (const { point, shape } of dots)
          shape.setAttribute("class", point.recipe === run.recipe ? "dot same" : "dot");
        head.replaceChildren(metric ? term(label, explained(metric)) : label);
        value.textContent = metric ? spell(metric.value) : "not measured";
        guide.setAttribute("d", `M${x(place)} 0V${FIELD.bottom}`);
        ring.style.display = metric ? "" : "none";
        if (metric) {
          ring.setAttribute("cx", String(x(place)));
          ring.setAttribute("cy", String(y(metric.value)));
        }
        plot.setAttribute("aria-label", `${label}: ${value.textContent}, one of ${dots.length} runs`);
      }
    },
  };
}

/**
 * @param {number} height
 * @param {number} perfect
 * @returns {SVGElement} the line of what a perfect model gets
 */
function ceiling(height, perfect) {
  const says = svg("title", { text: `A perfect model would get ${spell(perfect)}.` });
  return svg("path", { class: "axes ceiling", d: `M0 ${height}H${WIDTH}` }, says);
}

/** @param {number} value */
const tidy = (value) => (Number.isInteger(value) ? String(value) : spell(value));
