import { el, spell } from "./dom.js";
import { thumbnail } from "./examples.js";
import { klNats } from "./gaussian.js";
import { icon } from "./icons.js";
import { term } from "./term.js";

/**
 * Where z is, in numbers computed here, and the test image it began from.
 *
 * @param {{card: import("./checkpoint.js").Card, commands: import("./commands.js").Commands}} options
 */
export function createReadout({ card, commands }) {
  const latents = card.controls.latents;
  const norm = el("output", { class: "number" });
  const source = el("span", { class: "source", role: "img" });
  const label = el("span", { class: "source-label" });
  const kl = el("span", { class: "number" });
  const hint = el("p", {
    class: "hint",
    text: `Pick a ${card.examples.split} image: its posterior appears on every slider.`,
  });
  const posterior = el(
    "div",
    { class: "posterior-facts", hidden: true },
    source,
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
    el(
      "p",
      { class: "norm" },
      el("span", {}, "‖z‖ ", norm),
      el(
        "span",
        { class: "hint" },
        term(
          "samples from the prior",
          `Their root mean square length is √${latents}: its square is, on average over the prior, the number of latents.`,
        ),
        ` lie near √${latents} = ${spell(Math.sqrt(latents))}`,
      ),
    ),
    el("div", { class: "source-line" }, hint, posterior),
  );

  return {
    element,
    /** @param {number[]} z */
    measure(z) {
      norm.textContent = spell(Math.hypot(...z));
    },
    /** @param {number | null} example @param {import("./checkpoint.js").Examples | null} examples */
    setExample(example, examples) {
      const known = example !== null && examples !== null;
      posterior.hidden = !known;
      hint.hidden = known;
      if (!known) return;
      const text = `${card.examples.split} image ${example}${examples.labels[example] === null ? "" : ` · ${examples.labels[example]}`}`;
      source.setAttribute("style", thumbnail(card, examples.sheet, example));
      source.setAttribute("aria-label", `Source: ${text}`);
      label.textContent = text[0].toUpperCase() + text.slice(1);
      const from = example * latents;
      kl.textContent = spell(
        klNats(
          examples.mean.subarray(from, from + latents),
          examples.logVariance.subarray(from, from + latents),
        ),
        1,
      );
    },
  };
}
