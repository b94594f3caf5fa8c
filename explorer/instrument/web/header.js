import { el, spell } from "./dom.js";
import { icon } from "./icons.js";
import { provenance, term } from "./term.js";

/**
 * The line at the top: which model, what its card says of it, and what can be taken away.
 *
 * @param {{picker: HTMLElement, tools: Record<"share" | "picture" | "grid" | "help", () => void>}} options
 */
export function createHeader({ picker, tools }) {
  const facts = el("p", { class: "facts" });
  /** What there is to take away only while a model is open. */
  const ofModel = [
    tool("share", "share", "Share", "Copy a link that opens to exactly this"),
    tool("picture", "picture", "Save image", "Save the image as PNG"),
    tool("grid", "grid", "Save grid", "Save the traversals as PNG"),
  ];
  const element = el(
    "header",
    { class: "bar" },
    picker,
    facts,
    el("div", { class: "tools" }, ...ofModel, tool("help", "keyboard", "Keys", "Keyboard (?)")),
  );

  /** @param {"share" | "picture" | "grid" | "help"} name @param {string} picture @param {string} text @param {string} title */
  function tool(name, picture, text, title) {
    return el(
      "button",
      { class: `action tool-${name}`, type: "button", title, on: { click: () => tools[name]() } },
      icon(picture),
      el("span", { text }),
    );
  }

  return {
    element,
    /** @param {import("./checkpoint.js").Card | null} card */
    show(card) {
      for (const button of ofModel) button.disabled = !card;
      if (!card) return facts.replaceChildren();
      const active = card.latents.filter((latent) => latent.active).length;
      const elbo = card.metrics?.find((metric) => metric.name === "neg_elbo");
      facts.replaceChildren(
        `${card.summary} (${active === card.latents.length ? "all" : active} active)`,
        ...(elbo
          ? [
              " · ",
              term(`${elbo.label} ${spell(elbo.value, 1)} ${elbo.unit}`, provenance(elbo)),
            ]
          : []),
      );
    },
  };
}
