import { el } from "./dom.js";
import { rove } from "./roving.js";

/**
 * A picture out of the sheet of thumbnails, drawn by the style sheet.
 *
 * @param {import("./checkpoint.js").Card} card
 * @param {string} sheet
 * @param {number} at
 * @returns {string} style
 */
export function thumbnail(card, sheet, at) {
  const { count, columns } = card.examples;
  const lines = Math.ceil(count / columns);
  const place = (index, of) => (of > 1 ? (100 * index) / (of - 1) : 0);
  return (
    `background-image: url("${sheet}"); background-size: ${columns * 100}% ${lines * 100}%; ` +
    `background-position: ${place(at % columns, columns)}% ${place(Math.floor(at / columns), lines)}%`
  );
}

/**
 * The test images that came with the checkpoint; picking one starts from its posterior.
 *
 * @param {{card: import("./checkpoint.js").Card, commands: import("./commands.js").Commands}} options
 */
export function createExamples({ card, commands }) {
  const list = el("div", {
    class: "thumbs",
    role: "group",
    "aria-label": `Images of the ${card.examples.split} split`,
  });
  const element = el(
    "section",
    { class: "examples" },
    el("h2", { text: `Start from a ${card.examples.split} image` }),
    list,
  );
  /** @type {HTMLElement[]} */
  let buttons = [];

  const makeCurrent = rove(list, () => {
    const lines = new Map();
    for (const button of buttons) {
      const top = button.offsetTop;
      lines.set(top, [...(lines.get(top) ?? []), button]);
    }
    return [...lines.values()];
  });

  return {
    element,
    /** @param {import("./checkpoint.js").Examples} examples */
    fill(examples) {
      buttons = examples.labels.map((label, at) =>
        el("button", {
          class: "thumb",
          type: "button",
          tabindex: -1,
          "aria-pressed": "false",
          "aria-label": `Image ${at}${label === null ? "" : `, ${label}`}`,
          title: `Image ${at}${label === null ? "" : `: ${label}`}`,
          style: thumbnail(card, examples.sheet, at),
          on: { click: () => commands.choose(at) },
        }),
      );
      list.replaceChildren(...buttons);
      if (buttons.length) makeCurrent(buttons[0]);
    },
    /** @param {string} sentence */
    refuse: (sentence) => list.replaceChildren(el("p", { class: "hint", text: sentence })),
    /** @param {number | null} example */
    mark(example) {
      buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(at === example)));
      if (example !== null && buttons[example]) makeCurrent(buttons[example]);
    },
  };
}
