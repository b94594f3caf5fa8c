import { el } from "../dom.js";
import { spelled } from "./role.js";
import { screens } from "./tally.js";

const LOST = "Connection lost: trying again …";

/**
 * The line that says what this screen is to the class, and what can be done about it.
 *
 * @param {{large: HTMLElement | null, onLink(): void, onEnd(): void, onLetGo(): void, onFollow(): void, onLeave(): void}} options
 *   `large` makes the type larger, where the page can
 */
export function createBar({ large, onLink, onEnd, onLetGo, onFollow, onLeave }) {
  const said = el("p", { class: "class-said", role: "status" });
  // A screen reader does not announce everyone who joins.
  const count = el("p", { class: "class-count" });
  const tools = el("div", { class: "class-tools" });
  const element = el("div", { class: "class-bar", hidden: true }, said, count, tools);
  let shown = "";

  /** @param {string} text @param {() => void} run @param {string} [name] */
  const button = (text, run, name = "action") =>
    el("button", { class: name, type: "button", text, on: { click: run } });

  /** @param {string} kind @param {() => HTMLElement[]} make what can be done, made anew only where that changes: one may have the focus */
  function offer(kind, make) {
    element.hidden = false;
    element.dataset.kind = kind;
    if (shown !== kind) tools.replaceChildren(...make(), ...(large ? [large] : []));
    shown = kind;
  }

  /** @param {string} sentence announced only where it has changed @param {string} [more] */
  function say(sentence, more = "") {
    count.textContent = more;
    if (said.textContent !== sentence) said.textContent = sentence;
  }

  return {
    element,
    hide() {
      element.hidden = true;
      shown = "";
    },
    /** @param {string} code @param {number} followers @param {boolean} isBroken */
    lead(code, followers, isBroken) {
      offer("leading", () => [button("Link and code", onLink), button("End", onEnd)]);
      say(isBroken ? LOST : "You lead the class", `Code ${spelled(code)} · ${screens(followers)}`);
    },
    /** @param {boolean} isBroken */
    follow(isBroken) {
      offer("following", () => [button("Stop following", onLetGo, "action class-turn")]);
      say(isBroken ? LOST : "Following the teacher");
    },
    letGo() {
      offer("free", () => [button("Follow again", onFollow, "action class-turn"), button("Leave", onLeave)]);
      say("You are moving freely");
    },
  };
}
