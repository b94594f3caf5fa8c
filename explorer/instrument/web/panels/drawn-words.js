import { el, spell } from "../dom.js";
import { newestWins } from "../engine/scheduler.js";
import { seeded } from "../engine/seeded.js";
import { sentenceFor } from "../errors.js";
import { SEEDS, sampled } from "../model/writing.js";
import { createTemperature } from "../page/temperature.js";
import { present } from "../present.js";
import { spelled } from "../spaces/tokens.js";
import { term } from "../term.js";

const WORDS = 12;

/**
 * Words drawn by a model that has no latent, and what each costs.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
function create(stage) {
  const { model, commands, store, gone } = stage;
  const writer = present(model.writer);
  const { alphabet } = /** @type {import("../checkpoint/contract.js").Characters} */ (model.card.output);
  let seed = 1;

  const again = el("button", {
    class: "action",
    type: "button",
    text: `Draw ${WORDS} words`,
    on: {
      click() {
        seed = Math.floor(Math.random() * SEEDS);
        ask();
      },
    },
  });
  const temperature = createTemperature("Temperature of drawing", commands);
  const shownTemperature = el("output", { class: "number" });
  const list = el("ol", { class: "drawn-words", "aria-label": "Words that were drawn" });
  const refusal = el("p", { class: "refusal", role: "alert", hidden: true });
  const element = el(
    "section",
    { class: "samples", "aria-label": "Draw words" },
    el(
      "h2",
      {},
      "Draw words ",
      term(
        "letter by letter",
        "The model writes letter by letter. Each time it says how likely every letter is to come next, and how likely the word is to " +
          "end, and one of these is drawn. The figure beside a word is how surprising it is: 0 would be certain. It is −ln of the " +
          "product of these probabilities, in nats, and exact.",
      ),
    ),
    el("p", {
      class: "hint",
      text:
        "This model has no latent, so there is no slider to drag: nothing stands for the word as a whole. It knows only how " +
        "likely each letter is, given those before it.",
    }),
    el(
      "div",
      { class: "samples-line" },
      again,
      el(
        "span",
        { class: "temperature-place" },
        term(
          "temperature",
          "At 1 letters are drawn with the probabilities that the model gives them. Below 1 likely letters become likelier still, " +
            "and the words more alike; above 1 rare letters come up more often.",
        ),
        temperature,
        shownTemperature,
      ),
    ),
    list,
    refusal,
  );

  const queue = newestWins(
    async (/** @type {{codes: import("../model/model.js").Codes, temperature: number}} */ state, overtaken) => {
      const stepper = await writer.open();
      const values = writer.values([state.codes]);
      const uniform = seeded(seed);
      /** @type {HTMLElement[]} */
      const lines = [];
      while (lines.length < WORDS) {
        /** @type {import("../model/writing.js").Written | undefined} */
        let last;
        for await (const written of sampled(stepper, values, uniform, state.temperature)) last = written;
        if (overtaken() || gone.aborted) return;
        const { tokens, logProbability } = present(last);
        const word = spelled(tokens, alphabet) || "(empty)";
        lines.push(el("li", {}, word, el("span", { class: "hint number", text: `${spell(-logProbability, 1)} nats` })));
      }
      list.replaceChildren(...lines);
      refusal.hidden = true;
    },
    (error) => {
      if (gone.aborted) return;
      console.error(error);
      refusal.textContent = sentenceFor(error, "The words could not be drawn: reload the page to try again.");
      refusal.hidden = false;
    },
  );

  function ask() {
    const { codes, temperature: heat } = store.get();
    queue.request({ codes, temperature: heat });
  }

  return {
    element,
    show(state, before) {
      if (state.temperature === before?.temperature) return;
      temperature.value = String(state.temperature);
      shownTemperature.textContent = spell(state.temperature, 1);
      queue.request(state);
    },
  };
}

/** @type {import("../stage.js").Panel} */
export default {
  name: "drawn-words",
  compare: "each",
  place: "controls",
  fits: ({ card, continuous, writer }) => (card.output.kind === "characters" && writer && !continuous ? true : ""),
  create,
};
