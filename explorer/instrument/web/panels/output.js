import { spell } from "../dom.js";
import { allFinite } from "../engine/pixels.js";
import { newestWins } from "../engine/scheduler.js";
import { sentenceFor } from "../errors.js";
import { shownLatents } from "../model/latents.js";
import { isPart } from "../model/numbers.js";
import { outputOf } from "../outputs/index.js";
import { present } from "../present.js";
import { said } from "../spoken.js";
import { trace } from "../trace.js";
import { createMoments } from "./moments.js";
import { createPace } from "./pace.js";
import { createPreview } from "./preview.js";

/** A hand that does not move so long rests: a slow model is decoded then, and its strips are shown until then. */
const REST_MS = 60;

/**
 * What the decoder makes of where the controls are, decoded on the main thread: no message to a worker and back lies
 * between the pointer and it.
 *
 * @type {import("../stage.js").Panel}
 */
export default {
  name: "output",
  compare: "each",
  place: "picture",
  fits: ({ card, decoder }) => (decoder && outputOf(card.output.kind) ? true : ""),
  create(stage) {
    const { model, picture, gone, first } = stage;
    const output = present(outputOf(model.card.output.kind))({ model, onFit: (width) => picture.fit(width) });
    picture.canvas = output.canvas ?? null;
    picture.text = () => output.text?.() ?? null;
    const tellMoments = model.shape && createMoments(output.element, model.shape);
    let isFirst = true;
    /** Until the image that the decoder is given is here. */
    let isBlank = false;
    const pace = createPace();
    const preview = createPreview(model, pace.isSlow);
    if (model.shape) {
      output.element.append(pace.element);
      stage.films.onRow(preview.keep);
    }

    function begin() {
      if (isFirst) stage.onFirst();
      isFirst = false;
    }

    const queue = newestWins(
      async ({ codes, time }, overtaken) => {
        if (pace.isSlow()) {
          const near = preview.nearest(model.z({ codes }));
          if (near) output.preview?.(near.canvas, near.column);
          await new Promise((resolve) => setTimeout(resolve, REST_MS));
          if (overtaken()) return;
        }
        const known = first && codes === first.codes;
        const values = await (known ? first.values : pace.of(() => model.decode([codes])));
        if (!allFinite(values)) stage.warnNotFinite();
        output.draw(values);
        if (isBlank) output.element.classList.remove("blank");
        isBlank = false;
        trace("instrument:paint", { since: time });
        stage.decoded.set({ codes, values });
        tellMoments?.(values);
        begin();
      },
      (error) => {
        if (gone.aborted) return;
        console.error(error);
        stage.warn(sentenceFor(error, "The image could not be decoded: reload the page to try again."), "output");
      },
    );

    return {
      element: output.element,
      show(state, before, time) {
        if (state.codes === before?.codes) return;
        if (!model.waits(state)) queue.request({ codes: state.codes, time });
        else if (isFirst) {
          isBlank = true;
          output.element.classList.add("blank");
          begin();
        }
      },
      settle(state) {
        output.describe(
          said("Image that {title} decodes at {place}", { title: model.card.title, place: whereOf(model, state) }),
        );
      },
      destroy: output.destroy,
    };
  },
};

/** @param {import("../model/model.js").Control} control @param {any} value @returns {string} */
const wordsOf = (control, value) => (control.space.words ?? control.space.write)(value, control) ?? "";

/** @param {import("../model/model.js").Model} model @param {import("../store.js").State} state @returns {string} */
function whereOf(model, state) {
  const z = model.z(state);
  const numbers = shownLatents(model, state).map((latent) => `${model.latents[latent].name} ${spell(z[latent])}`);
  const others = model.controls
    .filter(({ name }) => !isPart(model.continuous, name))
    .map((control) => `${control.name} ${wordsOf(control, state.codes[control.name])}`);
  return [...numbers, ...others].join(", ");
}
