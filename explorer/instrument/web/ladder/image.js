import { context2d, el } from "../dom.js";
import { writeImage } from "../engine/pixels.js";
import { createChooser } from "./chooser.js";
import { hasTurned } from "./state.js";

/** The chosen image, what the model makes of z, and whether z is kept when the model changes. @type {import("./stage.js").TablePanel} */
export default { name: "image", place: "picture", fits: () => true, create };

/** @param {import("./stage.js").TableStage} stage @returns {import("./stage.js").TablePart} */
function create({ card, shape, count, thumbnails, move: onMove }) {
  const [, height, width] = shape;
  const canvas = (/** @type {string} */ name, /** @type {string} */ label) =>
    el("canvas", { class: `look ${name}`, role: "img", "aria-label": label, width, height });
  const original = canvas("original", "The chosen image");
  const decoded = canvas("decoded", "What the model decodes");
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const drawing = context2d(decoded, { alpha: false });
  const chooser = createChooser({ card, count, thumbnails, onChoose: (at) => onMove({ image: at }) });
  const modes = [
    { keep: false, text: "Re-encode", says: "The same image is encoded by each model." },
    { keep: true, text: "Keep z", says: "The same z decodes to a different image in each model." },
  ].map((mode) => ({
    ...mode,
    button: el("button", {
      class: "mode",
      type: "button",
      text: mode.text,
      on: { click: () => onMove({ keep: mode.keep }) },
    }),
  }));
  const says = el("p", { class: "hint lead" });
  let shown = -1;

  function drawOriginal() {
    if (shown >= 0) thumbnails.draw(context2d(original, { alpha: false }), shown, 0, 0, width, height);
  }

  // Once the sheet of the image has arrived.
  thumbnails.onLoad(drawOriginal);

  return {
    element: el(
      "section",
      { class: "image-panel", "aria-label": "Image", style: `--ratio: ${width / height}` },
      el(
        "div",
        { class: "looks" },
        el("figure", {}, original, el("figcaption", { class: "hint", text: "the image" })),
        el("figure", {}, decoded, el("figcaption", { class: "hint", text: "decoded" })),
      ),
      el(
        "div",
        { class: "modes", role: "group", "aria-label": "When the model changes" },
        ...modes.map(({ button }) => button),
      ),
      says,
      chooser.element,
    ),
    show(state, before) {
      if (!hasTurned(state, before)) return;
      const { image, keep } = state;
      chooser.show(image);
      for (const mode of modes) mode.button.setAttribute("aria-pressed", String(mode.keep === keep));
      says.textContent = modes.find((mode) => mode.keep === keep)?.says ?? "";
      if (image === shown) return;
      shown = image;
      drawOriginal();
    },
    drawImage(values) {
      writeImage(values, 0, shape, pixels, width, 0);
      drawing.putImageData(image, 0, 0);
    },
    setStale: (stale) => void decoded.classList.toggle("stale", stale),
  };
}
