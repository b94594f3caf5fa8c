import { context2d, el } from "../dom.js";
import { icon } from "../icons.js";
import { present } from "../present.js";

/** @typedef {"a" | "b" | "c"} Name */

/** @type {Name[]} */
export const NAMES = ["a", "b", "c"];

/**
 * The pinned images A, B and C, and what A − B + C decodes to: each a place that is empty or goes there.
 *
 * @param {{shape: import("../engine/pixels.js").Shape, commands: import("../stage/commands.js").Commands, onSum(): void}} options
 */
export function createPins({ shape, commands, onSum }) {
  const [, height, width] = shape;
  const pins = new Map(NAMES.map((name) => [name, createPin(name)]));
  const sum = place("sum", onSum);
  const element = el(
    "div",
    { class: "pins" },
    ...[...pins.values()].map((pin) => pin.element),
    el("div", { class: "pin", "data-pin": "sum" }, sum.button, el("div", { class: "pin-line", text: "A − B + C" })),
  );

  /** @param {string} kind @param {() => void} act */
  function place(kind, act) {
    const canvas = el("canvas", { class: "pin-image", width, height, hidden: true, "aria-hidden": "true" });
    const empty = el("span", { class: "pin-empty", "aria-hidden": "true" }, kind === "sum" ? "" : icon("pin"));
    const button = el("button", { class: `pin-place pin-${kind}`, type: "button", on: { click: act } }, canvas, empty);
    const context = context2d(canvas, { alpha: false });
    return {
      button,
      /** @param {ImageData} sheet of images below each other @param {number} line */
      draw: (sheet, line) => context.putImageData(sheet, 0, -line * height),
      /** @param {boolean} filled @param {string} label */
      show(filled, label) {
        canvas.hidden = !filled;
        empty.hidden = filled;
        button.setAttribute("aria-label", label);
        button.title = label;
      },
    };
  }

  /** @param {Name} name */
  function createPin(name) {
    const letter = name.toUpperCase();
    let filled = false;
    const main = place(name, () => (filled ? commands.goToPin(name) : commands.pinHere(name)));
    const again = small("pin", `Pin this image as ${letter} instead`, () => commands.pinHere(name));
    const clear = small("close", `Clear ${letter}`, () => {
      main.button.focus();
      commands.pin(name, null);
    });
    return {
      draw: main.draw,
      element: el(
        "div",
        { class: "pin", "data-pin": name },
        main.button,
        el("div", { class: "pin-line" }, el("strong", { text: letter }), again, clear),
      ),
      /** @param {boolean} now */
      show(now) {
        filled = now;
        main.show(now, now ? `Go to ${letter} (Shift ${letter})` : `Pin this image as ${letter} (${letter})`);
        again.hidden = clear.hidden = !now;
      },
    };
  }

  /** @param {"pin" | "close"} picture @param {string} label @param {() => void} act */
  function small(picture, label, act) {
    return el(
      "button",
      { class: "quiet", type: "button", title: label, "aria-label": label, on: { click: act } },
      icon(picture),
    );
  }

  return {
    element,
    /** @param {import("../store.js").State["pins"]} state */
    show(state) {
      for (const [name, pin] of pins) pin.show(state[name] !== null);
      const filled = NAMES.every((name) => state[name] !== null);
      sum.show(filled, filled ? "Go to A − B + C" : "A − B + C: pin A, B and C first");
      sum.button.setAttribute("aria-disabled", String(!filled));
    },
    /** @param {Name | "sum"} name @param {ImageData} sheet @param {number} line */
    draw: (name, sheet, line) => (name === "sum" ? sum : present(pins.get(name))).draw(sheet, line),
  };
}
