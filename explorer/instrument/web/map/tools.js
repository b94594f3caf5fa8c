import { el, latentName, write } from "../dom.js";
import { icon } from "../icons.js";
import { orderLatents } from "../model/latents.js";
import { present } from "../present.js";
import { term } from "../term.js";
import { colourings } from "./colours.js";

/**
 * The line above the map: what its axes and colours are, and what else it can show.
 *
 * @param {{card: import("../checkpoint/checkpoint.js").Card, commands: import("../stage/commands.js").Commands,
 *   acts: {thumbnails(): void, sheet(): void, points(): void, whole(): void, lasso(): void},
 *   hasImages: boolean, isAlone: boolean}} options `hasImages`: its examples are images, not words; `isAlone`: no other model stands beside it, so that there is something to draw around for
 */
export function createTools({ card, commands, acts, hasImages, isAlone }) {
  const { active, inactive } = orderLatents(card);
  const order = [...active, ...inactive];
  const select = (/** @type {string} */ name, /** @type {(event: Event) => void} */ change) =>
    el("select", { "aria-label": name, on: { change } });
  /** As wide as what it says, also where a browser makes it as wide as its longest option. @param {HTMLElement} one */
  const fitted = (one) => el("span", { class: "map-select" }, one, el("span", { "aria-hidden": "true" }));
  const kind = select("Map", () => {
    if (kind.value !== "latents") return commands.setAxes(kind.value);
    commands.setAxes(order.length === 2 ? "" : `z${order[0]},z${order[1]}`);
  });
  const across = select("Across", setLatents);
  const up = select("Up", setLatents);
  const colour = select("Coloured by", () => commands.setColour(colour.value));
  const latents = el(
    "span",
    { class: "map-latents", hidden: true },
    fitted(across),
    el("span", { text: "×" }),
    fitted(up),
  );

  function setLatents() {
    commands.setAxes(`${across.value},${up.value}`);
  }

  const action = (
    /** @type {string} */ name,
    /** @type {string} */ text,
    /** @type {string} */ title,
    /** @type {import("../icons.js").Picture} */ picture,
    /** @type {() => void} */ act,
    pressed = "false",
  ) =>
    el(
      "button",
      {
        class: `action ${name}`,
        type: "button",
        title: `${text}: ${title}`,
        "aria-label": text,
        "aria-pressed": pressed,
        on: { click: act },
      },
      icon(picture),
      el("span", { text: text.replace("Decoded s", "S") }),
    );
  const thumbnails = action(
    "map-thumbnails",
    hasImages ? "Images" : "Words",
    hasImages ? "in place of points where they fit" : "beside points where they fit",
    "picture",
    acts.thumbnails,
  );
  const sheet = action(
    "map-sheet",
    "Decoded sheet",
    "30 × 30 codes of this plane, decoded with all other latents as they are now",
    "grid",
    acts.sheet,
  );
  const points = action("map-points", "Points", "shown over the sheet", "points", acts.points, "true");
  const wide = "as large as it fits (Home, or a double click)";
  const whole = action("map-whole", "Whole map", wide, "whole", acts.whole);
  whole.removeAttribute("aria-pressed");
  const lasso = action("map-lasso", "Lasso", "draw around images, to make a direction of them", "lasso", acts.lasso);
  lasso.hidden = !isAlone || !hasImages;

  const option = (/** @type {string} */ value, /** @type {string} */ text, disabled = false) =>
    el("option", { value, text, disabled });
  const named = order.map((latent) => option(`z${latent}`, latentName(latent)));
  across.append(...named);
  up.append(...named.map((entry) => entry.cloneNode(true)));

  const element = el(
    "div",
    { class: "map-tools" },
    el("h2", {}, term("Map", explainedOf(hasImages ? "image" : "word"))),
    fitted(kind),
    latents,
    el("label", { class: "map-colour" }, el("span", { class: "hint", text: "by " }), fitted(colour)),
    el("span", { class: "map-actions" }, thumbnails, sheet, points, lasso, whole),
  );

  return {
    element,
    /** @param {import("../checkpoint/embedding.js").Embedding} embedding */
    fill(embedding) {
      const maps = [option("umap", "UMAP", !embedding.maps.umap), option("pca", "PCA", !embedding.maps.pca)];
      const plane = option("latents", order.length === 2 ? `${latentName(0)} × ${latentName(1)}` : "latents");
      kind.replaceChildren(...(order.length === 2 ? [plane, ...maps] : [...maps, plane]));
      colour.replaceChildren(...colourings(card, embedding).map(({ value, text }) => option(value, text)));
    },
    /** @param {boolean} isDrawing a drag over the map draws */
    draw: (isDrawing) => lasso.setAttribute("aria-pressed", String(isDrawing)),
    /** @param {{axes: string, colour: string, thumbnails: boolean, sheet: boolean, points: boolean}} now */
    show(now) {
      const isPlane = now.axes.startsWith("z");
      kind.value = isPlane ? "latents" : now.axes;
      if (isPlane) [across.value, up.value] = now.axes.split(",");
      latents.hidden = !isPlane || order.length === 2;
      colour.value = now.colour;
      thumbnails.setAttribute("aria-pressed", String(now.thumbnails));
      sheet.setAttribute("aria-pressed", String(now.sheet));
      sheet.hidden = !isPlane || !hasImages;
      points.hidden = !now.sheet;
      points.setAttribute("aria-pressed", String(now.points));
      for (const one of [kind, across, up, colour])
        write(present(one.nextElementSibling), one.selectedOptions[0]?.text ?? "");
    },
  };
}

/** @param {string} example what a point is of */
const explainedOf = (example) =>
  `Every point is one ${example}; those that the model finds alike lie together, and the ring is you. UMAP keeps neighbours ` +
  "together: how far apart groups lie means little. PCA looks along the two directions in which codes differ most. On two " +
  "latents a point stands where those two numbers put it.";
