import { el, selectedOnFocus, spell, withCode } from "../dom.js";
import { icon } from "../icons.js";
import { valueName } from "../map/colours.js";
import { present } from "../present.js";
import { rove } from "../roving.js";

/** On one page: many enough to choose from, few enough to take in. */
const PAGE = 96;

/** A factor with more values than this is shown as a scale, not as a choice. */
const MOST_VALUES = 12;

/**
 * The test images that came with the checkpoint, some at a time; picking one starts from its posterior.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
export function createExamples({ card, commands, thumbnails, store }) {
  const list = el("div", {
    class: "thumbs",
    role: "group",
    "aria-label": `Images of the ${card.examples.split} split`,
  });
  const where = el("span", { role: "status" });
  const turn = (/** @type {string} */ name, /** @type {string} */ label, /** @type {number} */ by) =>
    el(
      "button",
      { class: `quiet ${name}`, type: "button", title: label, "aria-label": label, on: { click: () => go(by) } },
      icon("chevron"),
    );
  const previous = turn("previous", "Previous images", -1);
  const next = turn("next", "Next images", 1);
  const number = el("input", {
    class: "field",
    type: "text",
    inputmode: "numeric",
    autocomplete: "off",
    "aria-label": `Number of the image, up to ${card.examples.count - 1}`,
    on: {
      change: enter,
      keydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && enter(),
      blur: () => (number.value = String(store.get().example ?? "")),
    },
  });
  selectedOnFocus(number);
  const shuffle = el("button", {
    class: "action shuffle",
    type: "button",
    text: "Shuffle",
    "aria-pressed": "false",
    title: "Show the images in random order, or in their own order again",
    on: { click: toggleShuffle },
  });
  const filters = el("span", { class: "filters" });
  const element = el(
    "div",
    { class: "examples" },
    el(
      "div",
      { class: "gallery-line" },
      filters,
      el("label", {}, "Image", number),
      shuffle,
      el("span", { class: "pager" }, where, previous, next),
    ),
    list,
  );

  /** @type {import("../checkpoint/embedding.js").Embedding | null} */
  let embedding = null;
  /** @type {Map<number, HTMLElement>} */
  let buttons = new Map();
  /** @type {number[]} the images that the filter lets through, in the order shown */
  let found = [];
  /** @type {Map<string, (at: number) => boolean>} what each filter that is set lets through */
  const wanted = new Map();
  let shuffled = false;
  let first = 0;

  const makeCurrent = rove(list, () => {
    const lines = new Map();
    for (const button of buttons.values()) {
      const top = button.offsetTop;
      lines.set(top, [...(lines.get(top) ?? []), button]);
    }
    return [...lines.values()];
  });

  /** @param {number | null} example */
  function mark(example) {
    for (const [at, button] of buttons) button.setAttribute("aria-pressed", String(at === example));
    const marked = example === null ? undefined : buttons.get(example);
    if (marked) makeCurrent(marked);
    number.value = String(example ?? "");
  }

  /** @param {number} at */
  function thumb(at) {
    const text = present(embedding).labels[at] ?? "";
    return el("button", {
      class: "thumb",
      type: "button",
      tabindex: -1,
      "aria-pressed": "false",
      "aria-label": `Image ${at}${text && `, ${text}`}`,
      title: `Image ${at}${text && `: ${text}`}`,
      style: thumbnails().style(at),
      on: { click: () => commands.choose(at) },
    });
  }

  function show() {
    const last = Math.min(found.length, first + PAGE);
    buttons = new Map(found.slice(first, last).map((at) => [at, thumb(at)]));
    list.replaceChildren(...buttons.values());
    list.scrollTop = 0;
    where.textContent = found.length
      ? `${spell(first + 1, 0)} to ${spell(last, 0)} of ${spell(found.length, 0)}`
      : "No image matches";
    previous.setAttribute("aria-disabled", String(first === 0));
    next.setAttribute("aria-disabled", String(last === found.length));
    const [top] = buttons.values();
    if (top) makeCurrent(top);
    mark(store.get().example);
  }

  /** @param {number} pages */
  function go(pages) {
    const to = first + pages * PAGE;
    if (to < 0 || to >= found.length) return;
    first = to;
    show();
  }

  function arrange() {
    found = [];
    const tests = [...wanted.values()];
    const { count } = present(embedding);
    for (let at = 0; at < count; at++) if (tests.every((test) => test(at))) found.push(at);
    // Fisher and Yates' shuffle.
    for (let left = found.length; shuffled && left > 1; left--) {
      const other = Math.floor(Math.random() * left);
      [found[left - 1], found[other]] = [found[other], found[left - 1]];
    }
    first = 0;
    show();
  }

  /** Shows the page that an image is on, if it is among those found. @param {number | null} example */
  function turnTo(example) {
    if (example === null || !found.includes(example)) return;
    first = Math.floor(found.indexOf(example) / PAGE) * PAGE;
    show();
    const { offsetTop, offsetHeight } = present(buttons.get(example));
    list.scrollTop = offsetTop - list.offsetTop - (list.clientHeight - offsetHeight) / 2;
  }

  function toggleShuffle() {
    shuffled = !shuffled;
    shuffle.setAttribute("aria-pressed", String(shuffled));
    if (embedding) arrange();
  }

  /** What was typed: an image that is here is chosen, and its page shown. */
  function enter() {
    const at = /^\s*\d{1,7}\s*$/.test(number.value) ? Number(number.value) : NaN;
    if (!(at < (embedding?.count ?? 0)) || at === store.get().example) return;
    commands.choose(at);
    turnTo(at);
  }

  /**
   * @param {string} name @param {[string, (at: number) => boolean][]} choices
   * @param {boolean} isOneOfMany then its name stands in it, for labels beside many images would fill the column
   */
  function filter(name, choices, isOneOfMany = false) {
    const title = name[0].toUpperCase() + name.slice(1);
    const select = el(
      "select",
      {
        on: {
          change() {
            wanted.delete(name);
            if (select.selectedIndex) wanted.set(name, choices[select.selectedIndex - 1][1]);
            arrange();
          },
        },
      },
      el("option", { text: isOneOfMany ? title : "all" }),
      ...choices.map(([text]) => el("option", { text })),
    );
    filters.append(el("label", {}, el("span", { class: isOneOfMany && "unseen", text: title }), select));
  }

  return {
    element,
    fill(codes) {
      embedding = codes;
      const { label, factors } = codes;
      const known = card.data.factors ?? [];
      if (label)
        filter(
          "label",
          present(card.data.labels).map((text, value) => [text, (at) => label[at] === value]),
        );
      const few = known.filter(({ size }) => factors && size <= MOST_VALUES);
      known.forEach(({ name, size, values: named }, factor) => {
        if (!factors || size > MOST_VALUES) return;
        /** @type {[string, (at: number) => boolean][]} */
        const values = Array.from({ length: size }, (_, value) => [
          valueName({ values: named }, value),
          (at) => factors[at * known.length + factor] === value,
        ]);
        filter(name, values, few.length > 2);
      });
      arrange();
      turnTo(store.get().example);
    },
    /** @param {string} sentence */
    refuse: (sentence) => list.replaceChildren(el("p", { class: "hint" }, ...withCode(sentence))),
    show(state, before) {
      if (state.example !== before?.example) mark(state.example);
    },
  };
}
