// The head of a page of Streamlit's own parts: its title, the model that it is about, and the way to the instrument.

import { el } from "../dom.js";
import { icon } from "../icons.js";
import { createFrame } from "../page/frame.js";
import { createPicker } from "../page/picker.js";
import { fetchFile } from "../shelf/held.js";
import { hosted } from "./component.js";

/**
 * @typedef {{assets: string, title: string, catalogue: import("../checkpoint/checkpoint.js").Entry[], model: string | null}} Data `catalogue`: the chosen model and what was dropped
 *   `title` is empty where the model is the title; `model`: the chosen one, if it is here
 */

export const host = hosted(
  (root, /** @type {Data} */ data, newest) => {
    const assets = new URL(data.assets, document.baseURI).href;
    const frame = createFrame(root, { assets });
    /** @type {Data["catalogue"]} */
    let listed = [];
    const picker = createPicker({ catalogue: data.catalogue, onPick: (id) => newest().setTriggerValue("picked", id) });
    const title = el("h1", {});
    const facts = el("p", { class: "facts" });
    // Streamlit's session knows where in the model one was; a page that is loaded anew does not.
    const open = el(
      "a",
      {
        class: "action",
        on: {
          click(/** @type {MouseEvent} */ event) {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            newest().setTriggerValue("opened", true);
          },
        },
      },
      icon("tune"),
      el("span", { text: "Open in the instrument" }),
    );
    frame.element.prepend(el("header", { class: "page-head" }, title, picker.element, facts, open));

    async function list() {
      try {
        const answer = await fetchFile(new URL("../catalogue.json", assets));
        if (answer.ok) listed = await answer.json();
      } catch {
        // The list stays as it is; whatever is picked says that the explorer is gone.
      }
      show(newest().data);
    }

    /** @param {Data} data */
    function show({ title: name, catalogue, model }) {
      picker.list([...listed, ...catalogue.filter(({ id }) => !listed.some((entry) => entry.id === id))]);
      const chosen = catalogue.filter(({ id }) => id === model);
      picker.show(...chosen);
      // A page about one model has its name for a title, and the picker shows it already.
      title.className = name ? "" : "unseen";
      title.textContent = name || (chosen[0]?.title ?? "No such model");
      facts.textContent = name ? "" : (chosen[0]?.summary ?? "");
      open.hidden = model === null;
      open.href = new URL(`./?${new URLSearchParams({ model: model ?? "" })}`, document.baseURI).href;
    }
    show(data);
    list();
    return {
      update: show,
      destroy() {
        picker.close();
        frame.destroy();
      },
    };
  },
  { isWhole: false },
);
