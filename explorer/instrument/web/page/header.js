import { el, spell } from "../dom.js";
import { icon } from "../icons.js";
import { said } from "../spoken.js";
import { explained, term } from "../term.js";
import { promiseOf } from "./promise.js";

/**
 * The line at the top: which model, what its card says of it, and what can be taken away.
 *
 * @param {{picker: HTMLElement, exporting: ReturnType<typeof import("../export/menu.js").createExportMenu>,
 *   tools: Record<"undo" | "redo" | "tour" | "share" | "help", () => void>, present: (() => void) | null,
 *   lessons: (() => void) | null}} options `present` leads a class, where there is a server for it; `lessons` goes to the list
 */
export function createHeader({ picker, exporting, tools, present, lessons }) {
  const facts = el("p", { class: "facts" });
  const undo = step("undo", "Undo (Ctrl+Z)");
  const redo = step("redo", "Redo (Ctrl+Shift+Z)");
  const promise = el("span");
  const line = el("p", { class: "promise" }, promise);
  const tour = tool("tour", "tour", "Tour", "A tour of this page, in one minute", tools.tour);
  const share = tool("share", "share", "Share", "Copy a link that opens to exactly this", tools.share);
  const element = el(
    "header",
    { class: "bar" },
    picker,
    facts,
    line,
    el(
      "div",
      { class: "tools" },
      undo,
      redo,
      tour,
      share,
      lessons && tool("lessons", "grid", "Lessons", "The lessons that this page has", lessons),
      present && tool("present", "present", "Present", "Lead a class from this screen, or join one", present),
      exporting.element,
      tool("help", "keyboard", "Keys", "Keyboard (?)", tools.help),
    ),
  );

  /** @param {"undo" | "redo"} name @param {string} title */
  function step(name, title) {
    return el(
      "button",
      { class: `action ${name}`, type: "button", title, "aria-label": title, on: { click: () => tools[name]() } },
      icon(name),
    );
  }

  /**
   * @param {string} name @param {import("../icons.js").Picture} picture @param {string} text @param {string} title
   * @param {() => void} run
   */
  function tool(name, picture, text, title, run) {
    return el(
      "button",
      { class: `action tool-${name}`, type: "button", title, on: { click: run } },
      icon(picture),
      el("span", { text }),
    );
  }

  return {
    element,
    /**
     * Marks whether undo and redo lead anywhere; they are not disabled, for that would drop the focus they have.
     *
     * @param {{canUndo(): boolean, canRedo(): boolean} | null} store of what is open
     */
    setHistory(store) {
      undo.setAttribute("aria-disabled", String(!store?.canUndo()));
      redo.setAttribute("aria-disabled", String(!store?.canRedo()));
    },
    /** @param {import("../checkpoint/checkpoint.js").Card[]} cards of what is open; several say for themselves what they are */
    show(cards) {
      const [card] = cards;
      share.disabled = !card;
      // What there is to take away only while a model is open.
      exporting.enable(cards.length > 0);
      undo.hidden = redo.hidden = !card;
      tour.hidden = cards.length !== 1;
      line.hidden = cards.length !== 1;
      if (!card) return facts.replaceChildren();
      promise.textContent = cards.length === 1 ? promiseOf(card) : "";
      if (cards.length > 1) return facts.replaceChildren(sharedBy(cards));
      const active = card.latents.filter((latent) => latent.active).length;
      const used = active === card.latents.length ? said("all active") : said("{active} active", { active });
      const elbo = card.metrics?.find((metric) => metric.name === "neg_elbo");
      facts.replaceChildren(
        card.latents.length ? `${said(card.summary)} · ${used}` : said(card.summary),
        ...(elbo ? [" · ", term(`${elbo.label} ${spell(elbo.value, 1)} ${elbo.unit}`, explained(elbo))] : []),
      );
    },
  };
}

/** @param {import("../checkpoint/checkpoint.js").Card[]} cards of a comparison @returns {string} what its models begin from */
function sharedBy(cards) {
  const [first, ...others] = cards.map(({ output }) => (output.kind === "pixels" ? String(output.shape) : "word"));
  if (others.some((other) => other !== first)) return "These models do not share an image.";
  return first === "word" ? "Every model encodes the same word." : "Every model encodes the same image.";
}
