import { el } from "./dom.js";
import { createEncoder } from "./encoder.js";
import { createExamples } from "./examples.js";
import { createPad } from "./pad.js";
import { createUpload } from "./upload.js";

/**
 * Where an image comes from: the test split, a drawing, or a file.
 *
 * @param {import("./bench.js").Bench} bench
 * @returns {import("./bench.js").Part & {open(name: "test" | "draw" | "upload"): void}}
 */
export function createBring(bench) {
  const encoder = createEncoder(bench);
  const examples = createExamples(bench);
  const pad = createPad(bench, encoder);
  const upload = createUpload(bench, encoder);
  const split = bench.card.examples.split;
  const pages = [
    { name: "test", title: `${split[0].toUpperCase()}${split.slice(1)} images`, part: examples },
    { name: "draw", title: "Draw", part: pad },
    { name: "upload", title: "Upload", part: upload },
  ];

  const tabs = pages.map(({ name, title }, at) =>
    el("button", {
      class: "tab",
      type: "button",
      role: "tab",
      id: `bring-tab-${name}`,
      "aria-controls": `bring-${name}`,
      text: title,
      on: { click: () => open(at) },
    }),
  );
  const panels = pages.map(({ name, part }) =>
    el(
      "div",
      { id: `bring-${name}`, role: "tabpanel", "aria-labelledby": `bring-tab-${name}`, class: "bring-panel" },
      part.element,
    ),
  );
  const element = el(
    "section",
    { class: "bring", "aria-label": "Start from an image" },
    el("h2", { text: "Start from an image" }),
    el(
      "div",
      { class: "tabs", role: "tablist", "aria-label": "Where the image comes from", on: { keydown: walk } },
      ...tabs,
    ),
    ...panels,
  );

  /** @param {number} at */
  function open(at) {
    tabs.forEach((tab, other) => {
      tab.setAttribute("aria-selected", String(other === at));
      tab.tabIndex = other === at ? 0 : -1;
      panels[other].hidden = other !== at;
    });
    pages[at].part.open?.();
  }

  /** @param {KeyboardEvent} event */
  function walk(event) {
    const at = tabs.indexOf(event.target);
    const goal = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (at < 0 || goal === undefined) return;
    event.preventDefault();
    const next = tabs.at(goal % tabs.length);
    open(tabs.indexOf(next));
    next.focus();
  }

  open(0);
  return {
    element,
    /** Opens a tab and brings it into sight. @param {string} name */
    open(name) {
      const at = pages.findIndex((page) => page.name === name);
      open(at);
      element.scrollIntoView({ block: "nearest" });
      tabs[at].focus({ preventScroll: true });
    },
    fill(embedding) {
      for (const { part } of pages) part.fill?.(embedding);
    },
    refuse(sentence) {
      for (const { part } of pages) part.refuse?.(sentence);
    },
    show(state, before, time) {
      for (const { part } of pages) part.show?.(state, before, time);
    },
    setSource(source) {
      for (const { part } of pages) part.setSource?.(source);
    },
    destroy() {
      for (const { part } of pages) part.destroy?.();
      encoder.release();
    },
  };
}
