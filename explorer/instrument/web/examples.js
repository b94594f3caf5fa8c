import { el } from "./dom.js";
import { rove } from "./roving.js";

const SHOWN = 100;

/**
 * The test images that came with the checkpoint; picking one starts from its posterior.
 *
 * @param {import("./bench.js").Bench} bench
 * @returns {import("./bench.js").Part}
 */
export function createExamples({ card, commands, thumbnails, store }) {
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

  /** @param {number | null} example */
  function mark(example) {
    buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(at === example)));
    if (example !== null && buttons[example]) makeCurrent(buttons[example]);
  }

  return {
    element,
    fill(embedding) {
      buttons = embedding.labels.slice(0, SHOWN).map((label, at) =>
        el("button", {
          class: "thumb",
          type: "button",
          tabindex: -1,
          "aria-pressed": "false",
          "aria-label": `Image ${at}${label === null ? "" : `, ${label}`}`,
          title: `Image ${at}${label === null ? "" : `: ${label}`}`,
          style: thumbnails().style(at),
          on: { click: () => commands.choose(at) },
        }),
      );
      list.replaceChildren(...buttons);
      if (buttons.length) makeCurrent(buttons[0]);
      mark(store.get().example);
    },
    /** @param {string} sentence */
    refuse: (sentence) => list.replaceChildren(el("p", { class: "hint", text: sentence })),
    show(state, before) {
      if (state.example !== before?.example) mark(state.example);
    },
  };
}
