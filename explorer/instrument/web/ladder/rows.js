import { clamp } from "../clamp.js";
import { context2d, el, latentName, spell } from "../dom.js";
import { writeImage } from "../engine/pixels.js";
import { createRange } from "../latents/range.js";
import { provenance, term } from "../term.js";
import { align, carried, percent, sharesOf } from "./align.js";
import { hasTurned, placeOf } from "./state.js";
import { listed } from "./words.js";

/** The values of a latent that its row shows: nineteen of twenty draws from the prior lie between the ends. */
export const STEPS = [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2];
export const REACH = 2;

const THUMBS_MS = 100;

/** What a latent does, how much goes through it, and what it tells about each factor. @type {import("./stage.js").TablePanel} */
export default { name: "rows", place: "middle", fits: () => true, create };

/** @param {import("./stage.js").TableStage} stage @returns {import("./stage.js").TablePart} */
function create({ table, latents, factors, shape, largestKl, moveLatent: onMove, settle: onSettle, reset: onReset }) {
  const [, height, width] = shape;
  const kl = el("span", {});
  const matrix = el("span", {});
  const rows = Array.from({ length: latents }, (_, at) => createRow(at));
  /** @type {number[]} */
  let order = [];
  /** @type {number[]} */
  let z = [];

  /** @param {number} at */
  function createRow(at) {
    const canvas = el("canvas", { class: "film", width: STEPS.length * width, height, "aria-hidden": "true" });
    const now = el("canvas", { class: "thumb-image", width, height, "aria-hidden": "true" });
    const range = createRange(
      { min: -REACH, max: REACH, step: 0.01 },
      {
        onTake: (value, time) => onMove(order[at], value, time),
        onSettle,
        shown: () => z[order[at]] ?? 0,
      },
    );
    const factor = el("b");
    const share = el("span", { class: "share" });
    const name = el("span", { class: "which" });
    const bar = el("span", { class: "kl-bar" });
    const nats = el("span", { class: "kl-nats" });
    const cells = factors.map((_, factor) =>
      el("span", { class: factor === at ? "cell-of own" : "cell-of", role: "cell" }),
    );
    const element = el(
      "div",
      { class: "carrier", role: "row" },
      el("div", { class: "carrier-name", role: "rowheader" }, el("span", { class: "carries" }, factor, share), name),
      el("div", { class: "strip", role: "cell", on: { dblclick: () => onReset(order[at]) } }, canvas, now, range),
      el("div", { class: "carrier-kl", role: "cell" }, bar, nats),
      el("div", { class: "carrier-cells", role: "presentation" }, ...cells),
    );
    const context = context2d(canvas);
    const nowContext = context2d(now, { alpha: false });
    return { element, context, range, now, nowContext, factor, share, name, bar, nats, cells };
  }

  const head = el(
    "div",
    { class: "carrier carrier-head", role: "row" },
    el("span", { class: "hint head-name", role: "columnheader", text: "carries" }),
    el(
      "div",
      { class: "axis", role: "columnheader", "aria-label": "Value of the latent" },
      ...STEPS.map((step) => el("span", { text: spell(step, 1) })),
    ),
    el("span", { class: "hint head-kl", role: "columnheader" }, kl),
    el(
      "div",
      { class: "factor-names", role: "presentation" },
      ...factors.map((name) => el("span", { role: "columnheader" }, el("span", { text: name }))),
    ),
  );
  const element = el(
    "section",
    { class: "carriers", "aria-label": "What each latent carries" },
    el("h2", { text: "What each latent carries" }),
    el(
      "p",
      { class: "hint lead" },
      `Drag along a row to move that latent alone. The first rows go to the latents that tell most about ${
        factors.length ? listed(factors) : "the factors"
      }, so that rows stay comparable. Disentangled: each row and each column has one bright cell.`,
    ),
    el(
      "div",
      {
        class: "carrier-table",
        role: "table",
        "aria-label": "Latents: traversal, KL and what they tell about factors",
        style: `--factors: ${factors.length}; --cells: ${STEPS.length}; --ratio: ${width / height}`,
      },
      head,
      ...rows.map((row) => row.element),
    ),
    el("p", { class: "hint matrix-line" }, matrix),
  );

  /** @param {number} at @param {number[]} values */
  function place(at, values) {
    const value = values[order[at]];
    const { range, now } = rows[at];
    range.value = String(value);
    const share = (clamp(value, -REACH, REACH) + REACH) / (2 * REACH);
    now.style.transform = `translateX(${(100 * share * (STEPS.length - 1)).toFixed(1)}%)`;
    range.setAttribute("aria-valuetext", spell(value));
  }

  /** @param {import("./table.js").Stage} stage @param {import("./table.js").Run} run */
  function fill(stage, run) {
    order = align(stage);
    const shares = stage.information ? sharesOf(stage.information) : null;
    rows.forEach((row, at) => {
      const latent = order[at];
      row.element.hidden = latent === undefined;
      if (latent === undefined) return;
      const facts = stage.latents[latent];
      const { name, percent: part, also } = carried(stage, latent, factors);
      row.element.classList.toggle("inactive", !facts.active);
      row.element.dataset.latent = String(latent);
      row.factor.textContent = name;
      row.share.textContent = part;
      row.name.textContent = also ? `${latentName(latent)} ${also}` : latentName(latent);
      row.range.setAttribute("aria-label", `${latentName(latent)}, ${name} ${part}`.trim());
      row.bar.style.setProperty("--kl", String(facts.kl_nats / (largestKl || 1)));
      row.nats.textContent = spell(facts.kl_nats, 1);
      row.nats.title = `${latentName(latent)}: KL ${spell(facts.kl_nats, 3)} nats`;
      row.cells.forEach((cell, factor) => {
        const share = shares?.[latent][factor] ?? 0;
        cell.style.setProperty("--share", `${Math.min(100, 100 * share)}%`);
        cell.textContent = shares ? String(Math.round(100 * share)) : "";
        const nats = stage.information?.nats[latent][factor] ?? 0;
        const all = stage.information?.entropies_nats[factor] ?? 0;
        cell.title = shares
          ? `${latentName(latent)} tells ${spell(nats)} of the ${spell(all)} nats of ${factors[factor]}: ${percent(share)}`
          : "";
      });
    });
    const sent = `How much a latent tells about an image: 0 is nothing. ${provenance(run.latents_provenance)}`;
    kl.replaceChildren(term("KL, nats", sent));
    matrix.replaceChildren(
      ...(stage.information
        ? [
            "In the cells: ",
            term(
              "mutual information",
              "How much a latent tells about a factor: the share of the uncertainty about the factor v that goes away once z is " +
                `known. A cell is I(z; v) / H(v), in %. ${provenance(stage.information)}`,
            ),
            " of latent and factor, in % of the factor’s entropy; outlined, the factor that the row is for. The codes " +
              "of unused latents hardly move, and yet they tell a little.",
          ]
        : ["What the latents tell about the factors was not measured at this point of training."]),
    );
  }

  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  let timer = 0;

  function drawThumbs() {
    timer = 0;
    for (const { nowContext } of rows) nowContext.putImageData(image, 0, 0);
  }

  return {
    element,
    // A thumb shows the image as it is. Each is a canvas to compose again, so they follow a drag some times a second.
    drawImage(values) {
      writeImage(values, 0, shape, pixels, width, 0);
      timer ||= window.setTimeout(drawThumbs, THUMBS_MS);
    },
    destroy: () => clearTimeout(timer),
    show(state, before) {
      if (hasTurned(state, before)) {
        const { run, stage } = placeOf(table, state);
        fill(stage, run);
      }
      if (!state.z) return;
      z = state.z;
      for (let at = 0; at < order.length; at++) place(at, z);
    },
    drawRows(latents, buffer) {
      const bytes = STEPS.length * width * height * 4;
      latents.forEach((latent, at) => {
        const image = new ImageData(new Uint8ClampedArray(buffer, at * bytes, bytes), STEPS.length * width);
        rows[order.indexOf(latent)].context.putImageData(image, 0, 0);
      });
    },
    setStale: (stale) => void element.classList.toggle("stale", stale),
  };
}
