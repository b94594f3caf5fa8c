import { el } from "../dom.js";
import { remembered } from "../host/remembered.js";
import { icon } from "../icons.js";
import { MAP_KEYS } from "../map/pointer.js";
import { present } from "../present.js";

const FINE = 0.05;
const COARSE = 0.5;

/**
 * @typedef {{model: import("../model/model.js").Model, commands: import("../stage/commands.js").Commands, current(): number, step(by: number): void,
 *   openPicker(): void, openHelp(): void, pass(): void}} Reach what the keys act on; `pass` before they do
 */

/**
 * Every key and what it does: what the help lists is what is listened to. `held` keys act for as long as they are down.
 * `latent`: it is about one latent, and does nothing where there are none.
 *
 * @type {{keys: string[], show: string, does: string, held?: boolean, latent?: boolean, run(reach: Reach, event: KeyboardEvent): void}[]}
 */
const SHORTCUTS = [
  { keys: ["ArrowUp"], latent: true, show: "↑", does: "choose the latent above", run: ({ step }) => step(-1) },
  { keys: ["ArrowDown"], latent: true, show: "↓", does: "choose the latent below", run: ({ step }) => step(1) },
  {
    keys: ["ArrowLeft", "ArrowRight"],
    show: "← →",
    latent: true,
    does: "move it",
    held: true,
    run: ({ commands, current }, event) =>
      commands.nudge(current(), event.key === "ArrowLeft" ? -FINE : FINE, event.timeStamp),
  },
  {
    keys: ["Shift+ArrowLeft", "Shift+ArrowRight"],
    show: "Shift ← →",
    latent: true,
    does: "move it in larger steps",
    held: true,
    run: ({ commands, current }, event) =>
      commands.nudge(current(), event.key === "ArrowLeft" ? -COARSE : COARSE, event.timeStamp),
  },
  {
    keys: ["0"],
    show: "0",
    latent: true,
    does: "set it to 0 (or double-click its track)",
    run: ({ commands, current }) => commands.resetLatent(current()),
  },
  {
    keys: ["l"],
    show: "L",
    latent: true,
    does: "lock or unlock it",
    run: ({ commands, current }) => commands.toggleLock(current()),
  },
  {
    keys: ["p", " "],
    show: "P or Space",
    latent: true,
    does: "play or pause it",
    run: ({ commands, current }) => commands.togglePlay(current()),
  },
  { keys: ["s"], show: "S", does: "sample from the prior", run: ({ commands }) => commands.sample() },
  {
    keys: ["e"],
    show: "E",
    does: "draw from the posterior of the image or word",
    run: ({ commands }) => commands.resample(),
  },
  { keys: ["r"], show: "R", does: "reset to the origin", run: ({ commands }) => commands.reset() },
  {
    keys: ["a", "b", "c"],
    show: "A B C",
    does: "pin the image as A, B or C",
    run: ({ commands }, event) => commands.pinHere(pinOf(event)),
  },
  {
    keys: ["Shift+a", "Shift+b", "Shift+c"],
    show: "Shift A B C",
    does: "go to A, B or C",
    run: ({ commands }, event) => commands.goToPin(pinOf(event)),
  },
  { keys: ["Mod+z"], show: "Ctrl Z", does: "undo", run: ({ commands }) => commands.undo() },
  {
    keys: ["Mod+Shift+z", "Mod+y"],
    show: "Ctrl Shift Z",
    does: "redo",
    run: ({ commands }) => commands.redo(),
  },
  { keys: ["m"], show: "M", does: "choose a model", run: ({ openPicker }) => openPicker() },
  { keys: ["?", "Shift+?"], show: "?", does: "show this list", run: ({ openHelp }) => openHelp() },
];

/** What one key writes acts by itself, unless a person has switched that off (WCAG 2.1.4). */
const singleKeys = remembered("single-keys");

/** @param {KeyboardEvent} event */
const isSingle = ({ key, ctrlKey, metaKey }) => key.length === 1 && !ctrlKey && !metaKey;

/** Space belongs to a button that has the focus, and an arrow to a control that is not one of our sliders. */
const LEFT_TO_BUTTONS = new Set([" ", "Enter"]);
const ARROW = /^Arrow/;

/** @param {KeyboardEvent} event @returns {"a" | "b" | "c"} */
function pinOf(event) {
  return /** @type {"a" | "b" | "c"} */ (event.key.toLowerCase());
}

/** @param {KeyboardEvent} event @returns {string} the keys together, such as Mod+Shift+z */
export function spelled(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return `${event.ctrlKey || event.metaKey ? "Mod+" : ""}${event.shiftKey ? "Shift+" : ""}${key}`;
}

/**
 * Listens while the focus is inside the instrument, or nowhere.
 *
 * @param {HTMLElement} root
 * @param {() => Reach | null} reach
 * @returns {() => void} stops listening
 */
export function listen(root, reach) {
  /** @type {Reach["commands"] | null} */
  let unsettled = null;

  /** @param {KeyboardEvent} event */
  function down(event) {
    const target = /** @type {HTMLElement} */ (event.composedPath()[0]);
    const here = reach();
    if (!here || event.defaultPrevented || event.altKey || isField(target)) return;
    if (LEFT_TO_BUTTONS.has(event.key) && target.closest?.("button, summary, a")) return;
    if (ARROW.test(event.key) && target.matches?.("input:not(.range)")) return;
    if (isSingle(event) && singleKeys.get() === "off") return;
    const shortcut = SHORTCUTS.find(({ keys }) => keys.includes(spelled(event)));
    if (!shortcut || (shortcut.latent && !here.model.continuous)) return;
    event.preventDefault();
    // The page around us has shortcuts of its own, and a key must not mean two things.
    event.stopImmediatePropagation();
    here.pass();
    if (shortcut.held) unsettled = here.commands;
    shortcut.run(here, event);
  }

  function up() {
    unsettled?.settle();
    unsettled = null;
  }

  /** @param {KeyboardEvent} event */
  function elsewhere(event) {
    if (event.composedPath()[0] === root.ownerDocument.body) down(event);
  }

  const view = present(root.ownerDocument.defaultView);
  root.addEventListener("keydown", down);
  view.addEventListener("keydown", elsewhere, { capture: true });
  view.addEventListener("keyup", up, { capture: true });
  return () => {
    root.removeEventListener("keydown", down);
    view.removeEventListener("keydown", elsewhere, { capture: true });
    view.removeEventListener("keyup", up, { capture: true });
  };
}

/** @param {HTMLElement} target */
function isField(target) {
  return (
    target.isContentEditable ||
    target.matches?.('textarea, select, input:not([type="range"])') ||
    target.closest?.("dialog[open]")
  );
}

/** @param {{show: string, does: string}[]} keys */
const listed = (keys) =>
  el("dl", {}, ...keys.map(({ show, does }) => el("div", {}, el("dt", { text: show }), el("dd", { text: does }))));

/** @param {string} key @returns {[number, number] | null} one step right and up, of an arrow key */
export function arrowStep(key) {
  /** @type {Record<string, [number, number]>} */
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  return steps[key] ?? null;
}

/** @param {KeyboardEvent} event @returns {boolean} whether it asks for the list of keys, and nothing has handled it yet */
export function asksForHelp(event) {
  const target = /** @type {HTMLElement} */ (event.composedPath()[0]);
  return (
    event.key === "?" && !event.defaultPrevented && !event.altKey && !isField(target) && singleKeys.get() !== "off"
  );
}

/** @param {string} [title] of the keys, where they are not those of the page */
export function createHelp(title = "Keyboard") {
  const single = el("input", {
    type: "checkbox",
    checked: singleKeys.get() !== "off",
    on: { change: () => singleKeys.set(single.checked ? "" : "off") },
  });
  const dialog = el(
    "dialog",
    { class: "help", "aria-label": "Keyboard" },
    el("h2", { text: title }),
    listed(SHORTCUTS),
    el("h2", { text: "On the map" }),
    listed(MAP_KEYS),
    el(
      "label",
      { class: "switch", title: "Switch them off if you control your computer by voice, or hit keys by accident" },
      single,
      el("span", { text: "Single keys act (letters, digits, Space and ?)" }),
    ),
    el(
      "button",
      { class: "quiet", type: "button", "aria-label": "Close", on: { click: () => dialog.close() } },
      icon("close"),
    ),
  );
  return { element: dialog, open: () => dialog.showModal() };
}
