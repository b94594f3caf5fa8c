import { el } from "../dom.js";
import { addressOf, fetchFile } from "../shelf/held.js";

/**
 * Beside the form, what a model of the chosen images can make once it is trained: one that comes with the explorer.
 *
 * @param {{assets: string, instrument: string}} options `instrument`: the address of the page that opens a model
 */
export function createExample({ assets, instrument }) {
  const picture = el("img", { class: "train-example-picture", alt: "", decoding: "async" });
  const name = el("strong");
  const facts = el("p", { class: "hint" });
  const open = el("a", { class: "action", target: "_top", text: "Open it in the instrument" });
  const element = el(
    "section",
    { class: "train-example", hidden: true },
    el("h2", { text: "What such a model makes" }),
    picture,
    el("p", {}, name, ", a model that was trained before: each row is one latent, moved from end to end."),
    facts,
    open,
  );
  const listed = list();
  /** @type {string | undefined} */
  let wanted;

  /** @returns {Promise<import("../checkpoint/checkpoint.js").Entry[]>} */
  async function list() {
    try {
      return await (await fetchFile(new URL("../catalogue.json", assets))).json();
    } catch {
      // The form does without it.
      return [];
    }
  }

  return {
    element,
    /** @param {string | undefined} id of a checkpoint */
    async show(id) {
      wanted = id;
      const entry = (await listed).find((one) => one.id === id);
      if (wanted !== id) return;
      element.hidden = !entry?.preview;
      if (!entry?.preview) return;
      picture.src = addressOf(entry.preview, document.baseURI);
      name.textContent = entry.title ?? entry.id;
      facts.textContent = entry.summary ?? "";
      open.href = `${instrument}?${new URLSearchParams({ model: entry.id })}`;
    },
  };
}
