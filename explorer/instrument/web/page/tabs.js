import { el } from "../dom.js";
import { walkTabs } from "./walk-tabs.js";

/**
 * The row of tabs: panels of which one is shown at a time, under its title.
 *
 * @param {{panel: import("../stage.js").Panel, part: import("../stage.js").Part}[]} parts
 * @param {State} state that opens with the panel that it is about
 * @param {() => void} onShow a person, or a change, has shown another panel
 * @returns {{element: HTMLElement, open(name: string): void, follow(state: State, before: State): void, shown(): string}} `open`
 *   brings a panel into sight; `follow` shows the one that a change is about
 *
 * @typedef {import("../store.js").State} State
 */
export function createTabs(parts, state, onShow) {
  let shown = "";
  const tabs = parts.map(({ panel: { name, title } }) =>
    el("button", {
      class: "tab",
      type: "button",
      role: "tab",
      id: `tab-${name}`,
      "aria-controls": `panel-${name}`,
      text: title,
      on: { click: () => show(name) },
    }),
  );
  const panels = parts.map(({ panel: { name }, part: { element } }) =>
    el("div", { id: `panel-${name}`, class: "tab-panel", role: "tabpanel", "aria-labelledby": `tab-${name}` }, element),
  );
  const element = el(
    "div",
    { class: "tab-row", hidden: parts.length === 0 },
    el(
      "div",
      {
        class: "tabs",
        role: "tablist",
        "aria-label": "More of this model",
        on: { keydown: walkTabs(tabs, (at) => show(parts[at].panel.name)) },
      },
      ...tabs,
    ),
    ...panels,
  );

  /** @param {string} name */
  function show(name) {
    const isOther = shown !== "" && shown !== name;
    shown = name;
    if (isOther) onShow();
    parts.forEach(({ panel }, at) => {
      const isShown = panel.name === name;
      tabs[at].setAttribute("aria-selected", String(isShown));
      tabs[at].tabIndex = isShown ? 0 : -1;
      panels[at].hidden = !isShown;
    });
  }

  const names = parts.map(({ panel }) => panel.name);
  /** @param {State} now @param {State | null} before @returns {string | undefined} the first panel that is about what is new */
  const newIn = (now, before) =>
    parts.find(({ panel: { about } }) => {
      const subject = about?.(now);
      return subject && subject !== (before && about?.(before));
    })?.panel.name;

  show(newIn(state, null) ?? names[0]);
  return {
    element,
    shown: () => shown,
    open(name) {
      if (!names.includes(name)) return;
      show(name);
      element.scrollIntoView({ block: "nearest" });
    },
    follow(now, before) {
      const name = newIn(now, before);
      if (name) show(name);
    },
  };
}
