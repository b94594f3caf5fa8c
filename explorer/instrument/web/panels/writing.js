import { el, spell } from "../dom.js";
import { newestWins } from "../engine/scheduler.js";
import { seeded } from "../engine/seeded.js";
import { sentenceFor } from "../errors.js";
import { tellProbes } from "../lesson/probes.js";
import { appear, beam, greedy, sampled, WAYS } from "../model/writing.js";
import { bars } from "../outputs/bars.js";
import { present } from "../present.js";
import { separator } from "../spaces/tokens.js";
import { term } from "../term.js";
import { trace } from "../trace.js";

const BEAM_WIDTH = 5;
/** A letter that was asked for appears with its own frame; while a slider moves, the word is there at once. */
const EACH_ITS_FRAME_MS = 0;
const AT_ONCE_MS = 40;

/** @type {Record<import("../model/writing.js").Way, {name: string, does: string}>} */
const CALLED = {
  greedy: { name: "Likeliest letter", does: "The likeliest next letter at every place (greedy)." },
  sampled: {
    name: "Drawn",
    does: "Each letter is drawn with its probability, so the word can be another each time (sampling).",
  },
  beam: {
    name: "Likeliest word",
    does: `${BEAM_WIDTH} beginnings are followed at once, and the likeliest whole words that are found are listed (beam search).`,
  },
};

/**
 * The word that the model writes, letter by letter, and what it might have written instead.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 *
 * @typedef {import("../model/writing.js").Written} Written
 */
function create(stage) {
  const { model, commands, store, gone } = stage;
  const writer = present(model.writer);
  const output = /** @type {import("../checkpoint/contract.js").Characters} */ (model.card.output);
  const { alphabet } = output;
  const mark = separator(alphabet);
  const read = model.controls.find(({ kind }) => kind === "tokens");
  const nameOf = (/** @type {number} */ token) => (token === 0 ? "end" : alphabet[token - 1]);
  /** @type {Written | null} */
  let written = null;
  /** @type {import("../store.js").Source | null} */
  let source = null;
  /** @type {number | null} the place whose choices are shown */
  let place = null;
  let isFirst = true;

  const word = el("div", {
    class: "written",
    role: "group",
    "aria-label": "The word that the model writes",
    style: `--longest: ${output.longest}`,
  });
  const likelihood = el("output", { class: "number written-nats" });
  const choices = el("div", { class: "written-choices", hidden: true });
  const others = el("ol", { class: "written-others", hidden: true, "aria-label": "Other words that were found" });
  const ways = WAYS.map((way) =>
    el("button", {
      class: "path-kind",
      type: "button",
      text: CALLED[way].name,
      title: CALLED[way].does,
      on: { click: () => commands.setWriting(way) },
    }),
  );
  const again = el("button", {
    class: "action",
    type: "button",
    text: "Draw again",
    hidden: true,
    on: { click: () => commands.drawAgain() },
  });
  const refusal = el("p", { class: "refusal", role: "alert", hidden: true });
  const element = el(
    "div",
    { class: "word-output" },
    word,
    el(
      "div",
      { class: "written-line" },
      el("span", { class: "hint", text: "Each letter:" }),
      el("span", { class: "path-kinds", role: "group", "aria-label": "How letters are chosen" }, ...ways),
      again,
      el(
        "span",
        { class: "hint written-cost" },
        term(
          "cost",
          "How surprising this word is to the model at this place: 0 would be certain, and every further 0.69 nats halve its " +
            "probability. −ln of that probability, letter by letter and with its end.",
        ),
        " ",
        likelihood,
      ),
    ),
    choices,
    others,
    refusal,
    el("p", { class: "hint", text: "Press a letter to see what else could have stood there." }),
  );

  const queue = newestWins(
    async ({ codes, time, ms }, overtaken) => {
      const stepper = await writer.open();
      const values = writer.values([codes]);
      const isOver = () => overtaken() || gone.aborted;
      const { temperature, writing: way, seed } = store.get();
      if (way === "beam") {
        const show = (/** @type {Written[]} */ found) => draw(found[0], found.slice(1));
        if (!(await appear(beam(stepper, values, BEAM_WIDTH), show, isOver, ms))) return;
      } else {
        const written =
          way === "greedy" ? greedy(stepper, values) : sampled(stepper, values, seeded(seed), temperature);
        if (!(await appear(written, (one) => draw(one, []), isOver, ms))) return;
      }
      refusal.hidden = true;
      tellLettersBack(codes, way === "sampled");
      trace("instrument:paint", { since: time });
      if (isFirst) stage.onFirst();
      isFirst = false;
    },
    (error) => {
      if (gone.aborted) return;
      refusal.textContent = sentenceFor(error, "The word could not be written: reload the page to try again.");
      refusal.hidden = false;
      console.error(error);
    },
  );

  /** @param {Written} next @param {Written[]} alternatives */
  function draw(next, alternatives) {
    const { tokens, ended, logProbability } = next;
    written = next;
    const all = ended ? [...tokens, 0] : tokens;
    // Letters that stay keep their button, and with it the focus.
    while (word.children.length > all.length) word.lastElementChild?.remove();
    all.forEach((token, at) => {
      const letter = /** @type {HTMLElement} */ (word.children[at] ?? word.appendChild(letterButton(at)));
      letter.textContent = token === 0 ? "end" : alphabet[token - 1];
      letter.classList.toggle("letter-end", token === 0);
      letter.setAttribute("aria-label", token === 0 ? "End of the word" : `Letter ${at + 1}: ${alphabet[token - 1]}`);
    });
    word.dataset.word = tokens.map((token) => alphabet[token - 1]).join(mark);
    likelihood.textContent = ended ? `${spell(-logProbability, 1)} nats` : "…";
    others.hidden = alternatives.length === 0;
    others.replaceChildren(
      ...alternatives.map((one) =>
        el(
          "li",
          {},
          one.tokens.map((token) => alphabet[token - 1]).join(mark) || "(empty)",
          el("span", { class: "hint", text: ` ${spell(-one.logProbability, 1)} nats` }),
        ),
      ),
    );
    showChoices();
  }

  /**
   * How much came back of the word that was read, where z is still what the encoder made of it.
   *
   * @param {import("../model/model.js").Codes} codes @param {boolean} isByChance
   */
  function tellLettersBack(codes, isByChance) {
    const typed = read && codes[read.name];
    const mean = source?.mean;
    // z is kept to three decimals.
    const isRead = mean && model.z({ codes }).every((value, at) => Math.abs(value - mean[at]) < 0.001);
    const isKnown = typed?.length && isRead && !isByChance;
    tellProbes(element, {
      letters_back: isKnown && written?.ended ? 100 * sharedLetters(typed, written.tokens) : null,
    });
  }

  /** @param {number} at */
  function letterButton(at) {
    return el("button", {
      class: "letter",
      type: "button",
      "aria-pressed": "false",
      on: {
        click() {
          place = place === at ? null : at;
          showChoices();
        },
      },
    });
  }

  function showChoices() {
    [...word.children].forEach((letter, at) => {
      letter.setAttribute("aria-pressed", String(at === place));
    });
    const logP = place === null ? undefined : written?.choices[place];
    choices.hidden = !logP;
    if (!logP || !written || place === null) return;
    const before = written.tokens
      .slice(0, place)
      .map((token) => alphabet[token - 1])
      .join(mark);
    choices.replaceChildren(
      el("p", { class: "hint", text: before ? `What may follow “${before}”` : "What may come first" }),
      bars(logP, nameOf, written.tokens[place] ?? 0),
    );
  }

  stage.picture.text = () => word.dataset.word ?? null;

  return {
    element,
    show(state, before, time) {
      const isOther = state.writing !== before?.writing || state.seed !== before?.seed;
      if (state.writing !== before?.writing) {
        ways.forEach((button, at) => {
          button.setAttribute("aria-pressed", String(WAYS[at] === state.writing));
        });
        again.hidden = state.writing !== "sampled";
      }
      const isHotter = state.writing === "sampled" && state.temperature !== before?.temperature;
      if (state.codes === before?.codes && !isHotter && !isOther) return;
      queue.request({ codes: state.codes, time, ms: isOther && before ? EACH_ITS_FRAME_MS : AT_ONCE_MS });
    },
    setSource: (next) => void (source = next),
    settle() {
      word.setAttribute(
        "aria-label",
        `The word that ${model.card.title} writes: ${word.dataset.word || "an empty one"}`,
      );
    },
  };
}

/** @param {number[]} a @param {number[]} b @returns {number} the share of the longer word's letters that are the same in both */
export const sharedLetters = (a, b) => a.filter((token, at) => token === b[at]).length / Math.max(a.length, b.length);

/** @type {import("../stage.js").Panel} */
export default {
  name: "writing",
  compare: "each",
  place: "picture",
  fits: ({ card, writer }) => (card.output.kind === "characters" && writer !== null ? true : ""),
  create,
};
