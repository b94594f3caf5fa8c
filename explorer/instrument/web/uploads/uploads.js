import { el } from "../dom.js";
import { createDrop } from "./drop.js";
import { createDropped } from "./dropped.js";

/**
 * Checkpoints of a person's own: dropped on the page, chosen below the list of models, or named by a link.
 *
 * @param {{assets: string, messages: ReturnType<typeof import("../page/messages.js").createMessages>, onChoose(): void,
 *   onEntry(entry: import("../checkpoint/checkpoint.js").Entry): void}} options `onChoose` comes before the browser's file chooser
 */
export function createUploads({ assets, messages, onChoose, onEntry }) {
  const url = new URL("../uploads", assets).href;
  const dropped = createDropped(url);
  const drop = createDrop({
    url,
    messages,
    onEntry(entry) {
      dropped.add(entry);
      onEntry(entry);
    },
  });

  /** @param {string} text @param {() => void} ask */
  function button(text, ask) {
    return el("button", {
      class: "action",
      type: "button",
      text,
      on: {
        click() {
          onChoose();
          ask();
        },
      },
    });
  }

  return {
    element: drop.element,
    footer: el(
      "div",
      { class: "open-own" },
      el("span", { class: "hint", text: "A checkpoint of your own: choose it, or drop it on this page." }),
      button("Open a zip …", drop.chooseZip),
      button("Open a folder …", drop.chooseFolder),
    ),
    entries: dropped.entries,
    find: dropped.find,
    recall: dropped.recall,
    destroy: drop.destroy,
  };
}

/** Where nothing takes what is dropped. @returns {ReturnType<typeof createUploads>} */
export function noUploads() {
  return {
    element: el("div", { hidden: true }),
    footer: el("div"),
    entries: () => [],
    find: async () => undefined,
    recall: async () => [],
    destroy() {},
  };
}
