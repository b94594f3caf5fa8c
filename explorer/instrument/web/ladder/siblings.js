import { context2d, el, latentName } from "../dom.js";
import { writeImage } from "../engine/pixels.js";
import { percent, sharesOf } from "./align.js";
import { hasTurned } from "./state.js";
import { finalOf, rowOf, runsOf } from "./table.js";
import { called } from "./words.js";

/**
 * The same row trained from other random starts, side by side: what their latents tell, in each model's own order, and
 * the image that each of them makes.
 *
 * @type {import("./stage.js").TablePanel}
 */
export default { name: "siblings", place: "numbers", fits: () => true, create };

/** @param {import("./stage.js").TableStage} stage @returns {import("./stage.js").TablePart} */
function create({ table, factors, shape, move }) {
  const [, height, width] = shape;
  const list = el("div", { class: "sibling-list" });
  const what = el("span", {});
  const title = el("h2");
  const element = el(
    "section",
    { class: "siblings", "aria-label": "The same objective from other random starts" },
    title,
    el(
      "p",
      { class: "hint lead" },
      "Only the seed differs, and different latents carry the factors. One row per latent, from z₀ down; one column per factor. ",
      what,
    ),
    list,
  );
  /** @type {Map<number, {button: HTMLElement, canvas: HTMLCanvasElement}>} */
  const cards = new Map();
  let shown = "";

  /** @param {import("./table.js").Run} run */
  function card(run) {
    const { seed } = run;
    const stage = finalOf(run);
    const shares = stage.information ? sharesOf(stage.information) : [];
    const canvas = el("canvas", { class: "sibling-image", width, height, "aria-hidden": "true" });
    const button = el(
      "button",
      { class: "sibling", type: "button", on: { click: () => move({ seed }) } },
      el("span", { class: "sibling-name", text: `seed ${seed}` }),
      el(
        "span",
        {
          class: "mini",
          role: "img",
          "aria-label": described(stage, shares, factors),
          style: `--factors: ${factors.length}`,
        },
        ...stage.latents.flatMap(({ active }, latent) =>
          factors.map((name, factor) =>
            el("span", {
              class: active ? "mini-cell" : "mini-cell inactive",
              style: `--share: ${Math.min(100, 100 * (shares[latent]?.[factor] ?? 0))}%`,
              title: shares.length ? `${latentName(latent)}, ${name}: ${percent(shares[latent][factor])}` : "",
            }),
          ),
        ),
      ),
      canvas,
    );
    cards.set(seed, { button, canvas });
    return button;
  }

  return {
    element,
    show(state, before) {
      if (!hasTurned(state, before)) return;
      const { recipe, seed, keep } = state;
      const runs = runsOf(table, recipe);
      element.hidden = runs.length < 2;
      title.textContent = `${called(rowOf(table, recipe))}, every seed`;
      if (shown !== recipe) {
        shown = recipe;
        cards.clear();
        list.replaceChildren(...runs.map(card));
      }
      for (const [of, { button }] of cards) button.setAttribute("aria-pressed", String(of === seed));
      what.textContent = keep
        ? "Below, what each decodes from the same z."
        : "Below, the image as each reconstructs it.";
    },
    drawSibling(seed, values) {
      const canvas = cards.get(seed)?.canvas;
      if (!canvas) return;
      const image = new ImageData(width, height);
      writeImage(values, 0, shape, new Uint32Array(image.data.buffer), width, 0);
      context2d(canvas, { alpha: false }).putImageData(image, 0, 0);
    },
  };
}

/** @param {import("./table.js").Stage} stage @param {number[][]} shares @param {string[]} factors */
function described({ latents }, shares, factors) {
  if (!shares.length) return "What its latents tell about the factors was not measured";
  const best = factors.map((name, factor) => {
    const column = shares.map((row, latent) => (latents[latent].active ? row[factor] : 0));
    const latent = column.indexOf(Math.max(...column));
    return `${name} mostly in ${latentName(latent)}, ${percent(column[latent])}`;
  });
  return best.join("; ");
}
