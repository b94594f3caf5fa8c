import { borrowFocus, el, withCode } from "../dom.js";
import { icon } from "../icons.js";

const SHOWN_MS = 7000;
/** Long enough to see that what was asked for is done. */
export const BRIEFLY_MS = 3000;

/**
 * Sentences for the person: passing ones that fade, lasting ones to put away, and a quiet one for screen readers. A lasting
 * one stands at the top, or under what it is about.
 */
export function createMessages() {
  const text = el("span");
  const close = el(
    "button",
    { class: "quiet", type: "button", "aria-label": "Close", on: { click: hide } },
    icon("close"),
  );
  const note = el("div", { class: "note", hidden: true }, text, close);
  const returnFocus = borrowFocus(note);
  const polite = el("div", { class: "unseen", role: "status", "aria-live": "polite" });
  const urgent = el("div", { class: "unseen", role: "alert" });
  let timer = 0;

  function hide() {
    clearTimeout(timer);
    document.removeEventListener("pointerdown", touched, { capture: true });
    document.removeEventListener("keydown", touched, { capture: true });
    returnFocus();
    note.hidden = true;
    note.removeAttribute("popover");
    if (note.parentElement !== element) element.prepend(note);
  }

  /** What passes goes with the next thing that is done. */
  function pass() {
    if (note.classList.contains("passing")) hide();
  }

  /** @param {Event} event */
  function touched(event) {
    if (!event.composedPath().includes(note)) pass();
  }

  /** @param {string} sentence @param {number} [ms] it passes after so long, and without stays */
  function show(sentence, ms) {
    hide();
    text.replaceChildren(...withCode(sentence));
    note.classList.toggle("passing", ms !== undefined);
    note.hidden = false;
    if (ms === undefined) return;
    // Above everything, and where the window ends, whatever it stands in.
    note.setAttribute("popover", "manual");
    note.showPopover?.();
    document.addEventListener("pointerdown", touched, { capture: true });
    document.addEventListener("keydown", touched, { capture: true });
    timer = window.setTimeout(hide, ms);
  }

  const element = el("div", { class: "notes" }, note, polite, urgent);

  return {
    element,
    hide,
    pass,
    /** @param {string} sentence for ears only: what a person did is plain to see */
    say(sentence) {
      polite.textContent = sentence;
    },
    /** @param {string} sentence passes by itself @param {number} [ms] after so long */
    tell(sentence, ms = SHOWN_MS) {
      show(sentence, ms);
      polite.textContent = sentence.replaceAll("`", "");
    },
    /** @param {string} sentence stays until it is closed @param {HTMLElement | null} [about] under which it stands */
    warn(sentence, about = null) {
      show(sentence);
      if (about?.checkVisibility()) {
        about.after(note);
        note.scrollIntoView({ block: "nearest" });
      }
      urgent.textContent = sentence.replaceAll("`", "");
    },
  };
}
