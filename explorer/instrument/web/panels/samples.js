import { el, spell } from "../dom.js";
import { seeded } from "../engine/seeded.js";
import { sentenceFor } from "../errors.js";
import { tellProbes } from "../lesson/probes.js";
import { appear, greedy, sampled } from "../model/writing.js";
import { createTemperature } from "../page/temperature.js";
import { present } from "../present.js";
import { space } from "../spaces/code-grid.js";
import { term } from "../term.js";

/** What is written within so long is one frame: a grid appears code by code, and still within a second. */
const FRAME_MS = 4;

/**
 * Images drawn by the step graph, one code after the other.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 *
 * @typedef {import("../checkpoint/contract.js").CodeGrid} CodeGrid
 */
function create(stage) {
  const { model, commands, store, gone } = stage;
  const writer = present(model.writer);
  const control = present(gridOf(model.card));
  const { name, height, width } = control;
  const cells = height * width;
  const isPrior = Boolean(model.card.graphs.encode);
  let run = 0;

  const again = el("button", {
    class: "action",
    type: "button",
    text: "Draw an image",
    on: { click: () => draw(true) },
  });
  const likeliest = el("button", {
    class: "action",
    type: "button",
    text: "Likeliest codes",
    on: { click: () => draw(false) },
  });
  const rest = el("button", {
    class: "action",
    type: "button",
    text: "Keep the top half",
    on: { click: () => draw(true, Math.floor(height / 2) * width) },
  });
  const temperature = createTemperature("Temperature of drawing", commands);
  const shownTemperature = el("output", { class: "number" });
  const progress = el("progress", {
    class: "samples-progress",
    max: cells,
    value: 0,
    "aria-label": "Codes that are drawn",
  });
  const cost = el("output", { class: "samples-cost hint" });
  const refusal = el("p", { class: "refusal", role: "alert", hidden: true });
  const element = el(
    "section",
    { class: "samples", "aria-label": "Draw images" },
    el(
      "h2",
      {},
      "Draw images ",
      term(
        "one code after the other",
        `The model goes through the ${height} × ${width} cells from the top left. For each it says how likely every code is, ` +
          "given those before it, and one is drawn. The product of these probabilities is that of the whole: p(codes) = " +
          "∏ p(code | codes before).",
      ),
    ),
    isPrior
      ? null
      : el("p", {
          class: "hint",
          text:
            "This model has no latent, so there is no slider to drag: nothing stands for the image as a whole. It knows " +
            "only how likely each part is, given those before it.",
        }),
    el(
      "div",
      { class: "samples-line" },
      again,
      rest,
      likeliest,
      el(
        "span",
        { class: "temperature-place" },
        term(
          "temperature",
          "At 1 codes are drawn with the probabilities that the model gives them. Below 1 likely codes become likelier still, and " +
            "the images more alike; above 1 rare codes come up more often.",
        ),
        temperature,
        shownTemperature,
      ),
    ),
    progress,
    cost,
    refusal,
  );

  /**
   * @param {boolean} isDrawn or else the likeliest code is taken
   * @param {number} [kept] how many codes stay as they are; the rest are drawn again
   */
  async function draw(isDrawn, kept = 0) {
    run += 1;
    const mine = run;
    const { codes, temperature: t } = store.get();
    const given = codes[name].slice(0, kept);
    const blank = space.start(control);
    refusal.hidden = true;
    const isOver = () => mine !== run || gone.aborted;
    try {
      const stepper = await writer.open();
      const values = writer.values([codes]);
      const uniform = seeded(Math.floor(Math.random() * 2 ** 31));
      const writing = isDrawn ? sampled(stepper, values, uniform, t, given) : greedy(stepper, values, given);
      const last = await appear(
        writing,
        ({ tokens, logProbability }) => {
          commands.put(name, [...tokens, ...blank.slice(tokens.length)]);
          progress.value = tokens.length;
          cost.textContent = `${tokens.length} of ${cells} codes · ${spell(-logProbability, 1)} nats`;
        },
        isOver,
        FRAME_MS,
      );
      if (!last) return;
      tellProbes(element, { code_nats: -last.logProbability });
      commands.settle();
    } catch (error) {
      if (isOver()) return;
      console.error(error);
      refusal.textContent = sentenceFor(error, "The image could not be drawn: reload the page to try again.");
      refusal.hidden = false;
    }
  }

  /** A model without examples has no image to open with: it draws one, unless a link says where to be. */
  async function begin() {
    const blank = space.start(control);
    const isUntouched = () => run === 0 && !gone.aborted && space.same(store.get().codes[name], blank);
    if (!isUntouched()) return;
    // What is on screen first is the decoder's, and then the page has time.
    await stage.decodeSheet([store.get().codes], 1);
    if (isUntouched()) draw(true);
  }
  if (stage.isAlone && !model.card.examples && !isPrior) begin().catch(console.error);

  return {
    element,
    show(state, before) {
      if (state.temperature === before?.temperature) return;
      temperature.value = String(state.temperature);
      shownTemperature.textContent = spell(state.temperature, 1);
    },
    destroy: () => void (run += 1),
  };
}

/** @param {import("../checkpoint/contract.js").Card} card @returns {CodeGrid | null} the grid that the step graph draws */
function gridOf({ controls, graphs }) {
  const token = graphs.step?.inputs.find(({ role }) => role === "token");
  const control = controls.find(({ name }) => name === token?.control);
  return control?.kind === "code_grid" ? control : null;
}

/** @type {import("../stage.js").Panel} */
export default {
  name: "samples",
  compare: "each",
  place: "below",
  fits: ({ card, decoder, writer }) => (decoder && writer && gridOf(card) ? true : ""),
  create,
};
