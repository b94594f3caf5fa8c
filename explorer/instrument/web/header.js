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
  const tool = (name, picture, text, title) =>
    el(
      "button",
      { class: `action tool-${name}`, type: "button", title, on: { click: () => tools[name]() } },
      icon(picture),
      el("span", { text }),
    );
  const element = el(
    "header",
    { class: "bar" },
    picker,
    facts,
    el(
      "div",
      { class: "tools" },
      tool("share", "share", "Share", "Copy a link that opens to exactly this"),
      tool("picture", "picture", "Image", "Save the image as PNG"),
      tool("grid", "grid", "Grid", "Save the traversals as PNG"),
      tool("help", "keyboard", "Keys", "Keyboard (?)"),
    ),
  );
  return {
    element,
    /** @param {import("./checkpoint.js").Card | null} card */
    show(card) {
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
