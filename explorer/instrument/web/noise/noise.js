import { context2d, el, spell } from "../dom.js";
import { corrupted, KINDS, psnr } from "../engine/corruption.js";
import { writeImage } from "../engine/pixels.js";
import { newestWins } from "../engine/scheduler.js";
import { icon } from "../icons.js";
import { present } from "../present.js";
import { term } from "../term.js";

const WHAT =
  "The noise is added to the image before it is encoded. The model never sees the image without it; what it decodes is its guess " +
  "at that image.";

/**
 * Noise on the image that is encoded: of which kind, how much, and what the encoder then sees.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
export function createNoise({ model, commands, store, gone }) {
  const shape = present(model.shape);
  const [, height, width] = shape;
  const image = new ImageData(width, height);
  const packed = new Uint32Array(image.data.buffer);
  /** @type {import("../store.js").Source | null} */
  let source = null;

  const kind = el(
    "select",
    { "aria-label": "Kind of noise", on: { change: () => set({ kind: chosen() }, true) } },
    ...Object.entries(KINDS).map(([value, { label }]) => el("option", { value, text: label })),
  );
  const level = el("input", {
    type: "range",
    class: "noise-level",
    min: 0,
    max: 0.8,
    step: 0.01,
    "aria-label": "Level of the noise",
    on: {
      input: (/** @type {Event} */ event) => set({ level: level.valueAsNumber }, false, event.timeStamp),
      change: () => set({ level: level.valueAsNumber }, true),
    },
  });
  const shown = el("output", { class: "number" });
  const canvas = el("canvas", { class: "noisy", role: "img", width, height });
  const context = context2d(canvas);
  const caption = el("figcaption", { class: "hint" });
  const again = el(
    "button",
    {
      class: "quiet",
      type: "button",
      title: "New noise of the same kind and level",
      "aria-label": "New noise of the same kind and level",
      on: { click: () => set({ seed: store.get().noise.seed + 1 }, true) },
    },
    icon("resample"),
  );
  const element = el(
    "section",
    { class: "noise", "aria-label": "Noise" },
    el("h2", {}, "Noise ", term("on the image", WHAT)),
    el("div", { class: "noise-line" }, kind, again),
    el("label", { class: "noise-line" }, "Level", level, shown),
    el("figure", {}, canvas, caption),
  );

  const chosen = () => /** @type {import("../engine/corruption.js").Kind} */ (kind.value);

  const queue = newestWins(
    async ({ noise, settles, time }) => {
      await commands.setNoise(noise, time);
      if (settles && !gone.aborted) commands.settle();
    },
    (error) => console.error(error),
  );

  /** @param {Partial<import("../engine/corruption.js").Noise>} change @param {boolean} settles @param {number} [time] */
  const set = (change, settles, time = performance.now()) =>
    queue.request({ noise: { ...store.get().noise, ...change }, settles, time });

  function draw() {
    const { noise } = store.get();
    if (!source?.pixels) {
      context.clearRect(0, 0, width, height);
      caption.textContent = "Choose or draw an image first.";
      return;
    }
    const noisy = corrupted(source.pixels, noise);
    writeImage(noisy, 0, shape, packed, width, 0);
    context.putImageData(image, 0, 0);
    const said = noise.level
      ? `What the encoder sees: ${spelled(psnr(noisy, source.pixels))}`
      : "What the encoder sees: the image itself";
    caption.textContent = said;
    canvas.setAttribute("aria-label", `${said}, of ${source.title}`);
  }

  return {
    element,
    show(state, before) {
      if (state.noise === before?.noise) return;
      const { kind: now, level: much } = state.noise;
      kind.value = now;
      level.value = String(much);
      shown.textContent = `${KINDS[now].level} ${spell(much)}`;
      kind.title = KINDS[now].how;
      draw();
    },
    setSource(next) {
      source = next;
      draw();
    },
  };
}

/** @param {number} decibels @returns {string} */
export const spelled = (decibels) => (Number.isFinite(decibels) ? `${spell(decibels, 1)} dB` : "the same");
