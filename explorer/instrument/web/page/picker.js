import { el, withCode } from "../dom.js";
import { icon } from "../icons.js";
import { addressOf } from "../shelf/held.js";
import { said } from "../spoken.js";

/**
 * The menu of checkpoints, each with a picture of what it draws; broken ones are listed with the reason.
 *
 * @param {{catalogue: import("../checkpoint/checkpoint.js").Entry[], onPick(id: string): void,
 *   onCompare?: ((id: string) => void) | null, onOpen?(): void,
 *   footer?: HTMLElement}} options `footer` stands below the checkpoints
 */
export function createPicker({ catalogue, onPick, onCompare = null, onOpen, footer = el("div", { hidden: true }) }) {
  const title = el("span", { class: "picker-title", text: "Model" });
  const button = el(
    "button",
    {
      class: "picker",
      type: "button",
      "aria-haspopup": "dialog",
      "aria-expanded": "false",
      title: "Choose a model (M)",
      on: { click: toggle },
    },
    title,
    icon("chevron"),
  );
  /** @type {HTMLElement[]} */
  let choices = [];
  /** @type {Set<string>} titles that more than one model has */
  let shared = new Set();

  /** @type {string[]} ids of what a person dropped */
  let dropped = [];

  /** @param {import("../checkpoint/checkpoint.js").Entry} entry */
  function nameOf({ id, title }) {
    const at = dropped.indexOf(id);
    if (at >= 0) return `${title} (dropped${at ? ` ${at + 1}` : ""})`;
    if (title === undefined) return id;
    return shared.has(title) ? `${title} (${id})` : title;
  }

  /** @param {import("../checkpoint/checkpoint.js").Entry} entry */
  const choiceOf = (entry) =>
    entry.error === undefined
      ? el(
          "div",
          { class: "choice-row" },
          el(
            "button",
            { class: "choice", type: "button", "data-model": entry.id, on: { click: () => pick(entry.id) } },
            el("img", {
              src: entry.preview && addressOf(entry.preview, document.baseURI),
              alt: "",
              loading: "lazy",
              decoding: "async",
            }),
            el(
              "span",
              { class: "choice-text" },
              el("strong", { text: nameOf(entry) }),
              el("span", { class: "hint", text: entry.summary }),
              el("span", { text: entry.intent }),
            ),
          ),
          onCompare &&
            el("button", {
              class: "action choice-compare",
              type: "button",
              text: "Compare",
              title: `Show ${nameOf(entry)} beside what is open`,
              "aria-label": `Compare with ${nameOf(entry)}`,
              on: {
                click() {
                  close();
                  button.focus();
                  onCompare(entry.id);
                },
              },
            }),
        )
      : el(
          "p",
          { class: "choice broken", "data-model": entry.id },
          el("strong", { text: entry.id }),
          el("span", {}, ...withCode(entry.error)),
        );
  const menu = el("div", {
    class: "menu",
    role: "dialog",
    "aria-label": "Models",
    hidden: true,
    on: { keydown: walk, focusout: left },
  });
  const element = el("div", { class: "picker-place" }, button, menu);
  list(catalogue);

  /** @param {import("../checkpoint/checkpoint.js").Entry[]} entries */
  function list(entries) {
    dropped = entries.filter((entry) => entry.dropped).map(({ id }) => id);
    const titles = entries.filter((entry) => !entry.dropped).flatMap((entry) => entry.title ?? []);
    shared = new Set(titles.filter((title, at) => titles.indexOf(title) < at));
    choices = entries.map(choiceOf);
    menu.replaceChildren(...choices, footer);
    if (!menu.hidden) focus();
  }

  /** @param {FocusEvent} event */
  function left({ relatedTarget }) {
    if (relatedTarget && !element.contains(/** @type {Node} */ (relatedTarget))) close();
  }

  function toggle() {
    if (menu.hidden) return open();
    close();
    button.focus();
  }

  function open() {
    menu.hidden = false;
    button.setAttribute("aria-expanded", "true");
    focus();
    element.ownerDocument.addEventListener("pointerdown", outside);
    onOpen?.();
  }

  function focus() {
    const chosen = /** @type {HTMLElement | null} */ (menu.querySelector("[aria-current]"));
    (chosen ?? menu.querySelector("button"))?.focus();
  }

  function close() {
    if (menu.hidden) return;
    menu.hidden = true;
    button.setAttribute("aria-expanded", "false");
    element.ownerDocument.removeEventListener("pointerdown", outside);
  }

  /** @param {PointerEvent} event */
  function outside(event) {
    if (!event.composedPath().includes(element)) close();
  }

  /** @param {KeyboardEvent} event */
  function walk(event) {
    // Up and down go from model to model, right and left between a model and what compares with it.
    const lines = [...menu.querySelectorAll(".choice-row"), ...footer.querySelectorAll("button")];
    const at = lines.findIndex((line) => line.contains(/** @type {Node} */ (event.target)));
    const reach = (/** @type {Element | undefined} */ line, /** @type {string} */ wanted) =>
      /** @type {HTMLElement | null | undefined} */ (
        line?.matches("button") ? line : line?.querySelector(wanted)
      )?.focus();
    if (event.key === "ArrowDown") reach(lines[Math.min(at + 1, lines.length - 1)], ".choice");
    else if (event.key === "ArrowUp") reach(lines[Math.max(at - 1, 0)], ".choice");
    else if (event.key === "ArrowRight") reach(lines[at], ".choice-compare:not([hidden])");
    else if (event.key === "ArrowLeft") reach(lines[at], ".choice");
    else if (event.key === "Escape") {
      close();
      button.focus();
    } else return;
    event.preventDefault();
  }

  /** @param {string} id */
  function pick(id) {
    close();
    button.focus();
    onPick(id);
  }

  return {
    element,
    list,
    toggle,
    close,
    /** @param {import("../checkpoint/checkpoint.js").Entry[]} entries that are open */
    show(...entries) {
      const [only] = entries;
      title.textContent =
        entries.length > 1 ? `${entries.length} models compared` : only ? nameOf(only) : "Choose a model";
      button.setAttribute(
        "aria-label",
        only ? said("Model: {title}", { title: title.textContent }) : said("Choose a model"),
      );
      for (const choice of menu.querySelectorAll("[data-model]")) {
        const isOpen = entries.some(({ id }) => id === /** @type {HTMLElement} */ (choice).dataset.model);
        if (isOpen) choice.setAttribute("aria-current", "true");
        else choice.removeAttribute("aria-current");
        const compare = choice.parentElement?.querySelector(".choice-compare");
        if (compare) /** @type {HTMLElement} */ (compare).hidden = isOpen;
      }
    },
  };
}
