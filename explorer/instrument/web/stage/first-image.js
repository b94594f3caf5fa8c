import { el } from "../dom.js";
import { outputOf } from "../outputs/index.js";
import { PANELS } from "../panels/index.js";
import { said } from "../spoken.js";
import { trace } from "../trace.js";
import { createBench } from "./bench.js";

/**
 * Shows the first image by itself, where the stage will have it: the panels around it take longer to make and to lay out
 * than the image to decode.
 *
 * @param {import("../model/model.js").Model} model
 * @param {import("../model/model.js").Codes} codes where it opens
 * @param {(bench: HTMLElement) => void} show
 * @returns {Promise<import("../stage.js").Decoded | null>} nothing where it has no image, or cannot be decoded: the stage then
 *   says why
 */
export async function showFirst(model, codes, show) {
  const create = model.decoder && outputOf(model.card.output.kind);
  // A hidden page gets no animation frames, so its first image would never be painted.
  if (!create || document.hidden) return null;
  try {
    const values = await model.decode([codes]);
    const output = create({ model, onFit() {} });
    output.draw(values);
    output.describe(said("Image that {title} decodes", { title: model.card.title }));
    const taken = new Set(PANELS.filter((panel) => panel.fits(model) === true).map(({ place }) => place));
    const at = (/** @type {import("../stage.js").Place} */ place) =>
      place === "picture" ? [output.element] : taken.has(place) ? [el("div")] : [];
    show(createBench(model, { at }).element);
    await painted();
    trace("instrument:first-image");
    output.destroy?.();
    return { codes, values };
  } catch (error) {
    console.error(error);
    return null;
  }
}

/** @returns {Promise<void>} once what stands now is on screen */
const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
