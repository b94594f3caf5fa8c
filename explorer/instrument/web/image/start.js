import { el } from "../dom.js";
import { walkTabs } from "../page/walk-tabs.js";
import { present } from "../present.js";
import { trace } from "../trace.js";
import { createExamples } from "./examples.js";

/**
 * Where an image comes from: the test split, a drawing, or a file. The modules of the latter two, an eighth of all, are
 * fetched once the first image is there: a page that opens does not wait for them.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
export function createStart(stage) {
  const { card, model } = stage;
  const split = card.examples?.split ?? "";
  /** @type {{name: string, title: string, part: (import("../stage.js").Part & {open?(): void}) | null}[]} */
  const pages = [];
  if (card.examples)
    pages.push({
      name: "test",
      title: `${split[0].toUpperCase()}${split.slice(1)} images`,
      part: createExamples(stage),
    });
  if (model.encoder)
    pages.push({ name: "draw", title: "Draw", part: null }, { name: "upload", title: "Upload", part: null });
  /** @type {import("../checkpoint/embedding.js").Embedding | null} */
  let embedding = null;
  let loading = false;
  let opened = 0;
  /** @type {() => void} */
  let measure = () => {};

  const tabs = pages.map(({ name, title }, at) =>
    el("button", {
      class: "tab",
      type: "button",
      role: "tab",
      id: `start-tab-${name}`,
      "aria-controls": `start-${name}`,
      text: title,
      on: {
        click() {
          open(at);
          // On a phone the image stays above what is drawn, which is to lie below it.
          panels[at].scrollIntoView({ block: "nearest" });
        },
      },
    }),
  );
  const panels = pages.map(({ name, part }) =>
    el(
      "div",
      { id: `start-${name}`, role: "tabpanel", "aria-labelledby": `start-tab-${name}`, class: "start-panel" },
      part?.element ?? null,
    ),
  );
  const element = el(
    "section",
    { class: "start", "aria-label": "Start from an image" },
    el("h2", { text: "Start from an image" }),
    el(
      "div",
      {
        class: "tabs",
        role: "tablist",
        "aria-label": "Where the image comes from",
        on: { keydown: walkTabs(tabs, open) },
      },
      ...tabs,
    ),
    ...panels,
  );

  async function load() {
    const [{ createPad }, { createUpload }, { measureGround }] = await Promise.all([
      import("./pad.js"),
      import("./upload.js"),
      import("./ground.js"),
    ]);
    if (stage.gone.aborted) return;
    const made = [createPad, createUpload].map((create, at) => {
      const part = create(stage);
      const page = pages.length - 2 + at;
      pages[page].part = part;
      panels[page].replaceChildren(part.element);
      part.setSource?.(stage.source());
      return part;
    });
    // Without examples nothing says what images of the data lie on.
    measure = () =>
      void measureGround(stage.thumbnails(), present(embedding).count, stage.card.output.shape).then(
        (ground) => {
          made.forEach((part) => part.setGround(ground));
          trace("instrument:ground");
        },
        () => {},
      );
    if (embedding) measure();
    pages[opened].part?.open?.();
  }

  function ensureLoaded() {
    if (loading || !model.encoder) return;
    loading = true;
    load().catch((error) => {
      if (stage.gone.aborted) return;
      console.error(error);
      loading = false;
      const sentence = "This could not be loaded: check that the explorer is still running, then reload the page.";
      for (const panel of panels.slice(-2))
        panel.replaceChildren(el("p", { class: "refusal", role: "alert", text: sentence }));
    });
  }

  /** @param {number} at */
  function open(at) {
    opened = at;
    tabs.forEach((tab, other) => {
      tab.setAttribute("aria-selected", String(other === at));
      tab.tabIndex = other === at ? 0 : -1;
      panels[other].hidden = other !== at;
    });
    if (pages[at].part) pages[at].part.open?.();
    else ensureLoaded();
  }

  open(0);
  return {
    element,
    /** Opens a tab and brings it into sight. @param {string} name */
    openTab(name) {
      const at = pages.findIndex((page) => page.name === name);
      open(at);
      element.scrollIntoView({ block: "nearest" });
      tabs[at].focus({ preventScroll: true });
    },
    fill(codes) {
      embedding = codes;
      for (const { part } of pages) part?.fill?.(codes);
      measure();
      ensureLoaded();
    },
    refuse(sentence) {
      for (const { part } of pages) part?.refuse?.(sentence);
    },
    show(state, before, time) {
      for (const { part } of pages) part?.show?.(state, before, time);
    },
    setSource(source) {
      for (const { part } of pages) part?.setSource?.(source);
    },
    destroy() {
      for (const { part } of pages) part?.destroy?.();
    },
  };
}
