import { el, spell } from "../dom.js";
import { newestWins } from "../engine/scheduler.js";
import { sentenceFor } from "../errors.js";
import { greedyAll } from "../model/writing.js";
import { lerp, slerp } from "../path/interpolate.js";
import { present } from "../present.js";
import { spelled, tokensOf } from "../spaces/tokens.js";
import { Unreadable } from "../spaces/unreadable.js";
import { term } from "../term.js";

/** Words from one end to the other, both included. */
const STATIONS = Array.from({ length: 9 }, (_, at) => at / 8);

/**
 * The words on the way from one to another: what the decoder writes at places between their codes.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
function create(stage) {
  const { model, commands, store, gone } = stage;
  const [writer, encoder] = [present(model.writer), present(model.encoder)];
  const control = present(wordOf(model.card));
  const { name, alphabet } = control;
  const refusal = el("p", { class: "refusal", role: "alert", hidden: true });
  const ends = /** @type {const} */ (["a", "b"]).map((pin) => ({
    pin,
    field: el("input", {
      class: "field word-end",
      type: "text",
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: "false",
      "aria-label": `${pin === "a" ? "From which" : "To which"} ${name}`,
      placeholder: pin === "a" ? "from" : "to",
      on: {
        change: () => pinWord(pin),
        /** @param {KeyboardEvent} event */
        keydown: (event) => event.key === "Enter" && pinWord(pin),
      },
    }),
  }));
  const list = el("ol", { class: "word-path-list", "aria-label": "Words on the way" });
  const element = el(
    "section",
    { class: "word-path", "aria-label": "Between two words" },
    el(
      "h2",
      {},
      "Between two words ",
      term(
        "how",
        "The encoder turns both words into codes. The decoder then writes a word at nine places on the way from one code to " +
          "the other, taking the likeliest letter each time. Where codes fill the space, what lies between is a word " +
          "too.",
      ),
    ),
    el("div", { class: "word-ends" }, ends[0].field, el("span", { text: "→", "aria-hidden": "true" }), ends[1].field),
    refusal,
    list,
    el("p", { class: "hint", text: "Type two words. Press one on the way to go there." }),
  );

  /** @param {string} sentence */
  function refuse(sentence) {
    refusal.textContent = sentence;
    refusal.hidden = sentence === "";
  }

  /** @param {"a" | "b"} pin */
  async function pinWord(pin) {
    const { field } = ends[pin === "a" ? 0 : 1];
    if (field.value.trim() === "") return;
    try {
      const tokens = tokensOf(field.value, control);
      const { mean } = await encoder.encode(null, { ...store.get().codes, [name]: tokens });
      if (gone.aborted) return;
      refuse("");
      if (mean) commands.pin(pin, Array.from(mean));
    } catch (error) {
      if (gone.aborted) return;
      if (!(error instanceof Unreadable)) console.error(error);
      const { message } = /** @type {Error} */ (error);
      refuse(
        error instanceof Unreadable
          ? `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
          : sentenceFor(error, "The word could not be read: reload the page to try again."),
      );
    }
  }

  /** @param {import("../store.js").State} state @param {number} t */
  const zAt = ({ pins, slerp: isArc }, t) => (isArc ? slerp : lerp)(present(pins.a), present(pins.b), t);

  const queue = newestWins(
    async (/** @type {import("../store.js").State} */ state) => {
      const stepper = await writer.open();
      const codes = STATIONS.map((t) => model.withZ(state, zAt(state, t)).codes);
      const words = await greedyAll(stepper, codes.length, writer.values(codes));
      if (gone.aborted) return;
      list.replaceChildren(
        ...words.map((tokens, at) =>
          el(
            "li",
            {},
            el("button", {
              class: "word-station",
              type: "button",
              text: spelled(tokens, alphabet) || "(empty)",
              title: `t = ${spell(STATIONS[at], 2)}`,
              on: { click: () => commands.go(zAt(state, STATIONS[at]), { example: null, own: null }) },
            }),
          ),
        ),
      );
    },
    (error) => gone.aborted || refuse(sentenceFor(error, "The words between could not be written: reload the page.")),
  );

  return {
    element,
    show(state, before) {
      if (state.pins === before?.pins && state.slerp === before?.slerp) return;
      if (state.pins.a && state.pins.b) queue.request(state);
      else list.replaceChildren();
    },
  };
}

/** @param {import("../checkpoint/contract.js").Card} card @returns {import("../checkpoint/contract.js").Tokens | null} the word that the encoder reads and the decoder writes */
function wordOf({ controls, graphs }) {
  const read = graphs.encode?.inputs.map(({ control }) => control) ?? [];
  for (const control of controls) if (control.kind === "tokens" && read.includes(control.name)) return control;
  return null;
}

/** @type {import("../stage.js").Panel} */
export default {
  name: "word-path",
  place: "tabs",
  title: "Path",
  about: ({ pins }) => (pins.a || pins.b || pins.c ? pins : null),
  fits: ({ card, continuous, writer }) =>
    card.output.kind === "characters" && continuous && writer && wordOf(card) ? true : "",
  create,
};
