import { el, spell } from "./dom.js";
import { klNats } from "./gaussian.js";
import { icon } from "./icons.js";
import { term } from "./term.js";

/**
 * The image that z began from, and its posterior in numbers computed here.
 *
 * @param {import("./bench.js").Bench} bench
 * @returns {import("./bench.js").Part}
 */
export function createSource({ card, commands, store, thumbnails }) {
  const picture = el("span", { class: "source", role: "img" });
  const label = el("span", { class: "source-label" });
  const kl = el("span", { class: "number" });
  const hint = el("p", {
    class: "hint",
    text: `Pick a ${card.examples.split} image: its posterior appears on every slider.`,
  });
  const posterior = el(
    "div",
    { class: "posterior-facts", hidden: true },
    picture,
    el(
      "div",
      { class: "source-text" },
      label,
      el(
        "span",
        {},
        term(
          "KL(q‖p)",
          `Closed form, summed over latents, from the codes that came with the images: ${card.examples.how}`,
        ),
        " ",
        kl,
        " nats",
      ),
      el(
        "span",
        { class: "key" },
        el("i", { class: "key-posterior" }),
        term(
          "posterior",
          "Under every slider: its density for this image and that of the prior, each drawn to its own peak.",
        ),
        el("i", { class: "key-prior" }),
        "prior",
      ),
    ),
    el(
      "div",
      { class: "source-actions" },
      el(
        "button",
        {
          class: "action",
          type: "button",
          title: "Draw z from this posterior (E)",
          on: { click: () => commands.resample() },
        },
        icon("resample"),
        "Resample",
      ),
      el(
        "button",
        {
          class: "action",
          type: "button",
          title: "Clear the test image; z stays",
          on: { click: () => commands.forget() },
        },
        icon("close"),
        "Clear",
      ),
    ),
  );
  const element = el(
    "div",
    { class: "readout" },
    el("div", { class: "source-line" }, hint, posterior),
  );

  return {
    element,
    setSource(source) {
      posterior.hidden = source === null;
      hint.hidden = source !== null;
      if (!source) return;
      const { title, mean, logVariance } = source;
      const { example } = store.get();
      if (example !== null) picture.setAttribute("style", thumbnails().style(example));
      picture.setAttribute("aria-label", `Source: ${title}`);
      label.textContent = title[0].toUpperCase() + title.slice(1);
      kl.textContent = spell(klNats(mean, logVariance), 1);
    },
  };
}
