import { context2d, el, latentName, spell } from "../dom.js";
import { writeImage } from "../engine/pixels.js";
import { explained, term } from "../term.js";
import { percent, sharesOf, tellers } from "./align.js";
import { STEPS } from "./rows.js";
import { endsOf, finalOf, metricOf, rowOf } from "./table.js";
import { called } from "./words.js";

/**
 * What β does, at once: the chosen image as the smallest and the largest β see it, and for each factor the latent of theirs
 * that tells most about it.
 *
 * @type {import("./stage.js").TablePanel}
 */
export default { name: "ends", place: "top", fits: (table) => endsOf(table).length > 0 || "", create };

/** @param {import("./stage.js").TableStage} stage @returns {import("./stage.js").TablePart} */
function create({ table, factors, shape, thumbnails, move }) {
  const [, height, width] = shape;
  const ends = endsOf(table).map(createEnd);
  const original = el("canvas", { class: "look", role: "img", "aria-label": "The chosen image", width, height });
  let shown = -1;

  function drawOriginal() {
    if (shown >= 0) thumbnails.draw(context2d(original, { alpha: false }), shown, 0, 0, width, height);
  }

  // Once the sheet of the image has arrived.
  thumbnails.onLoad(drawOriginal);

  /** @param {import("./table.js").Run} run */
  function createEnd(run) {
    const stage = finalOf(run);
    const name = called(rowOf(table, run.recipe));
    const shares = stage.information ? sharesOf(stage.information) : [];
    const decoded = el("canvas", { class: "look", role: "img", "aria-label": `${name}: decoded`, width, height });
    const films = tellers(stage).map((latent, factor) => {
      const film = el("canvas", { class: "film", width: STEPS.length * width, height, "aria-hidden": "true" });
      const share = percent(shares[latent][factor]);
      const element = el(
        "div",
        { class: "end-row", title: `${latentName(latent)} tells ${share} of the ${factors[factor]}` },
        el("span", { class: "end-factor", text: factors[factor] }),
        el("span", { class: "hint", text: share }),
        film,
      );
      return { element, context: context2d(film) };
    });
    const active = stage.latents.filter(({ active }) => active).length;
    const lost = metricOf(stage, "reconstruction");
    const element = el(
      "div",
      { class: "end" },
      el("figure", {}, decoded),
      el(
        "div",
        { class: "end-facts" },
        el(
          "p",
          { class: "end-name" },
          el("button", {
            class: "link",
            type: "button",
            text: name,
            title: `Set the dial to ${name}`,
            on: { click: () => move({ recipe: run.recipe, seed: run.seed }) },
          }),
          el("span", { class: "hint", text: ` ${active} of ${stage.latents.length} latents used` }),
          ...(lost
            ? [
                el(
                  "span",
                  { class: "hint" },
                  " · ",
                  term(`${spell(lost.value, 1)} nats`, explained(lost)),
                  " of an image lost",
                ),
              ]
            : []),
        ),
        ...films.map((film) => film.element),
      ),
    );
    return { element, name, films, context: context2d(decoded, { alpha: false }) };
  }

  return {
    element: el(
      "section",
      { class: "ends", "aria-label": "What β changes", style: `--ratio: ${width / height}; --cells: ${STEPS.length}` },
      el("h2", { text: `The same image, ${ends.map(({ name }) => name).join(" and ")}` }),
      el("p", {
        class: "hint lead",
        text:
          "A larger β makes every latent cost more: the model keeps fewer of them, and gives up detail of the image. " +
          "Each strip moves the one latent that tells most about a factor: does anything else change with it?",
      }),
      el(
        "div",
        { class: "end-pair" },
        el("figure", {}, original, el("figcaption", { class: "hint", text: "the image" })),
        ...ends.map(({ element }) => element),
      ),
    ),
    show(state) {
      if (state.image === shown) return;
      shown = state.image;
      drawOriginal();
    },
    drawEnd(end, values, rows) {
      const { context, films } = ends[end];
      const image = new ImageData(width, height);
      writeImage(values, 0, shape, new Uint32Array(image.data.buffer), width, 0);
      context.putImageData(image, 0, 0);
      const across = STEPS.length * width;
      const bytes = across * height * 4;
      films.forEach(({ context }, at) => {
        context.putImageData(new ImageData(new Uint8ClampedArray(rows, at * bytes, bytes), across), 0, 0);
      });
    },
  };
}
