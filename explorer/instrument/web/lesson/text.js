import { el } from "../dom.js";
import { followReading } from "../page/reading.js";
import { setTex } from "./formula.js";

/**
 * @param {import("./lessons.js").Figure} figure
 * @param {import("./lessons.js").Values} values
 * @param {string} name
 * @param {import("./words.js").Words} words
 * @returns {string} its value as a lesson writes it, without its unit
 */
export function spellFigure({ decimals }, values, name, words) {
  if (values === null || typeof values === "string") return "…";
  return Number.isFinite(values[name]) ? words.number(values[name], decimals) : "?";
}

/**
 * @param {import("./lessons.js").Figure} figure
 * @param {import("./words.js").Words} words
 * @returns {string} where it comes from, in a sentence
 */
export function origin({ title, unit, how, on }, words) {
  const where = Object.entries(on).map(([field, value]) =>
    field === "example" ? words.say("example", { number: value }) : String(value),
  );
  return `${title}${unit ? ` (${unit})` : ""}${where.length ? `, ${where.join(", ")}` : ""}: ${how}`;
}

/**
 * The blocks of a card as elements; figures fill in when they are measured.
 *
 * @param {import("./lessons.js").Block[]} blocks
 * @param {{figures: Record<string, import("./lessons.js").Figure>, assets: string, words: import("./words.js").Words,
 *   gone: AbortSignal, model?: string | null}} options
 *   `model`: the one that the instrument has open, whose live values stand under the terms that are about it
 * @returns {{elements: HTMLElement[], fill(values: import("./lessons.js").Values): void,
 *   live(values: Record<string, number | null>): void}}
 */
export function createText(blocks, { figures, assets, words, gone, model = null }) {
  /** @type {{element: HTMLElement, name: string, isTerm: boolean}[]} */
  const places = [];
  /** @type {{element: HTMLElement, probe: string, figure: string}[]} */
  const lives = [];

  /** @param {import("./lessons.js").Piece} piece @returns {Node | string} */
  function inline({ kind, text }) {
    if (kind === "strong") return el("strong", { text });
    if (kind === "emphasis") return el("em", { text });
    if (kind === "code") return el("code", { text });
    if (kind === "tex") {
      const place = el("span", { class: "tex", text });
      setTex(place, text, assets);
      return place;
    }
    if (kind === "figure") {
      const element = el("span", {
        class: "figure",
        title: origin(figures[text], words),
        text: "…",
        "data-lights": figures[text].panel || null,
      });
      places.push({ element, name: text, isTerm: false });
      return element;
    }
    return text;
  }

  /** @param {{tex: string, figure: string | null}} term */
  function part({ tex, figure }) {
    const symbol = el("span", { class: "tex", text: tex });
    setTex(symbol, tex, assets, true);
    if (!figure) return symbol;
    const value = el("span", { class: "term-value", text: "…" });
    const now = el("span", { class: "term-now", hidden: true });
    const { probe, on } = figures[figure];
    if (on.model === model && on.latent === undefined) lives.push({ element: now, probe, figure });
    // Set mathematics would be read letter by letter.
    symbol.setAttribute("aria-hidden", "true");
    const spoken = el("span", { class: "unseen", text: `${figures[figure].title}: ` });
    const button = el(
      "button",
      {
        class: "formula-term",
        type: "button",
        title: origin(figures[figure], words),
        "data-lights": figures[figure].panel || null,
      },
      symbol,
      spoken,
      value,
      now,
    );
    places.push({ element: value, name: figure, isTerm: true });
    return button;
  }

  /** @type {HTMLElement[]} */
  const elements = [];
  for (const block of blocks) {
    if (block.kind === "formula") {
      const formula = el(
        "div",
        { class: "formula", role: "group", "aria-label": words.say("formula") },
        ...(block.terms ?? []).map(part),
      );
      elements.push(formula);
      const { reading } = block;
      if (reading) followReading((now) => void (formula.hidden = now !== reading), gone);
    } else if (block.kind === "item") {
      const last = elements.at(-1);
      const list = last?.tagName === "UL" ? last : el("ul");
      if (list !== last) elements.push(list);
      list.append(el("li", {}, ...(block.parts ?? []).map(inline)));
    } else elements.push(el("p", {}, ...(block.parts ?? []).map(inline)));
  }

  return {
    elements,
    fill(values) {
      for (const { element, name, isTerm } of places) {
        const { unit } = figures[name];
        const value = spellFigure(figures[name], values, name, words);
        element.textContent = isTerm ? [value, unit].filter(Boolean).join(" ") : value;
      }
    },
    live(values) {
      for (const { element, probe, figure } of lives) {
        const value = values[probe];
        if (value === undefined) continue;
        element.hidden = value === null;
        element.textContent =
          value === null ? "" : words.say("now", { value: words.number(value, figures[figure].decimals) });
      }
    },
  };
}
