import { el, focusIn } from "../dom.js";
import { newestWins } from "../engine/scheduler.js";
import { sentenceFor } from "../errors.js";
import { sourceOfWords } from "../linked-word.js";
import { space, spelled, spelledAlphabet, tokensOf } from "../spaces/tokens.js";
import { Unreadable } from "../spaces/unreadable.js";
import { term } from "../term.js";

/**
 * A field to type a word into. As it is typed the model reads it, and the latents go to its posterior mean.
 *
 * @type {import("./index.js").CreateWidget}
 */
export function createWord({ model, control: described, stage }) {
  const control = /** @type {import("../checkpoint/contract.js").Tokens} */ (described);
  const { name, alphabet, longest } = control;
  const title = name.charAt(0).toUpperCase() + name.slice(1);
  const id = `control-${name}`;
  const field = el("input", {
    id,
    class: "field word-field",
    type: "text",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    "aria-describedby": `${id}-refusal`,
    on: {
      input: (/** @type {InputEvent} */ event) => take(event.timeStamp),
      change() {
        isEntered = true;
        stage.commands.settle();
      },
    },
  });
  const refusal = el("p", { id: `${id}-refusal`, class: "refusal", role: "alert", hidden: true });
  const element = el(
    "section",
    { class: "control word-control", "aria-label": title },
    el(
      "h2",
      {},
      el("label", { for: id, text: `Type a ${name}` }),
      " ",
      term(
        "what it does",
        `The encoder turns the ${name} into a code: the sliders move there, and the decoder writes a ${name} from it. ` +
          `It can read ${spelledAlphabet(alphabet)}, and at most ${longest} of them.`,
      ),
    ),
    field,
    refusal,
  );
  /** @type {number[]} */
  let value = [];
  /** Whether what is typed was confirmed, which may be before the model has read it. */
  let isEntered = false;

  /** What was typed stays in the field, and what is on screen stays there, until it can be read. @param {string} sentence */
  function refuse(sentence) {
    refusal.textContent = sentence;
    refusal.hidden = sentence === "";
    field.toggleAttribute("aria-invalid", sentence !== "");
  }

  const queue = newestWins(
    async ({ tokens, time }, overtaken) => {
      if (!model.encoder) return;
      const own = await sourceOfWords(model, { ...stage.store.get().codes, [name]: tokens });
      if (overtaken() || stage.gone.aborted) return;
      value = tokens;
      stage.commands.moveOwn(own, time);
      if (isEntered || !focusIn(element)) stage.commands.settle();
    },
    (error) => {
      if (!stage.gone.aborted)
        refuse(sentenceFor(error, `The ${name} could not be read: reload the page to try again.`));
    },
  );

  /** @param {number} time */
  function take(time) {
    isEntered = false;
    try {
      const tokens = tokensOf(field.value, control);
      refuse("");
      if (!space.same(tokens, value)) queue.request({ tokens, time });
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      const { message } = error;
      refuse(`${message.charAt(0).toUpperCase()}${message.slice(1)}. What is on screen has not changed.`);
    }
  }

  return {
    element,
    show(state) {
      const next = state.codes[name];
      if (space.same(next, value)) return;
      value = next;
      field.value = spelled(next, alphabet);
      refuse("");
    },
  };
}
