import { el } from "../dom.js";
import { icon } from "../icons.js";
import { rove } from "../roving.js";
import { said } from "../spoken.js";

/**
 * @typedef {{name: string, text: string, title: string, missing?: string, act(): void}} Choice `missing`: what is needed
 *   before it can be chosen
 * @typedef {{label: string, choices: Choice[]}} Line one thing to take away, and the formats there are of it
 * @typedef {{title: string | null, lines: Line[]}} Part what there is of one model, under its title where there are several
 */

/**
 * The menu of what can be taken away: a line a thing, a button a format.
 *
 * @param {{parts(): Promise<Part[]>, tell(sentence: string): void}} options `parts` are asked for whenever it opens
 */
export function createExportMenu({ parts, tell }) {
  // Said aloud, every percent would be.
  const progress = el("output", { class: "number export-progress", "aria-live": "off", hidden: true });
  const button = el(
    "button",
    {
      class: "action tool-export",
      type: "button",
      title: "Save or copy what is on screen",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      on: { click: () => (menu.hidden ? open() : close()), keydown: down },
    },
    icon("export"),
    el("span", { text: "Export" }),
    progress,
  );
  const menu = el("div", {
    class: "menu export-menu",
    role: "menu",
    "aria-label": "Export",
    hidden: true,
    on: { keydown: closeOnEscape, focusout: left },
  });
  const element = el("div", { class: "export-place" }, button, menu);
  /** @type {HTMLElement[][]} */
  let table = [];
  const makeCurrent = rove(menu, () => table);

  /** @param {Choice} choice */
  function item(choice) {
    const { name, text, title, missing, act } = choice;
    return el("button", {
      class: `action tool-${name}`,
      type: "button",
      role: "menuitem",
      tabindex: -1,
      text,
      title: missing ? `${title}: ${missing}` : title,
      "aria-label": title,
      "aria-disabled": missing ? "true" : false,
      on: {
        click() {
          if (missing) return tell(`${title}: ${missing}.`);
          close();
          button.focus();
          act();
        },
      },
    });
  }

  /** @param {Part} part */
  function part({ title, lines }) {
    const made = lines.map(({ label, choices }) => {
      const row = choices.map(item);
      table.push(row);
      const name = title === null ? label : `${title}: ${label}`;
      return el(
        "div",
        { class: "export-line", role: "group", "aria-label": name },
        el("div", { class: "export-label", "aria-hidden": "true", text: label }),
        ...row,
      );
    });
    return title === null ? made : [el("div", { class: "export-model", role: "presentation", text: title }), ...made];
  }

  async function open() {
    const found = await parts();
    // Another model may have been picked meanwhile.
    if (button.disabled) return;
    table = [];
    menu.replaceChildren(...found.flatMap(part));
    menu.hidden = false;
    button.setAttribute("aria-expanded", "true");
    makeCurrent(table[0][0]);
    table[0][0].focus();
    element.ownerDocument.addEventListener("pointerdown", outside);
  }

  function close() {
    if (menu.hidden) return;
    menu.hidden = true;
    button.setAttribute("aria-expanded", "false");
    element.ownerDocument.removeEventListener("pointerdown", outside);
  }

  /** @param {KeyboardEvent} event */
  function down(event) {
    if (event.key !== "ArrowDown" || button.disabled) return;
    event.preventDefault();
    if (menu.hidden) open();
  }

  /** @param {KeyboardEvent} event */
  function closeOnEscape(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    close();
    button.focus();
  }

  /** @param {FocusEvent} event */
  function left({ relatedTarget }) {
    if (relatedTarget && !element.contains(/** @type {Node} */ (relatedTarget))) close();
  }

  /** @param {PointerEvent} event */
  function outside(event) {
    if (!event.composedPath().includes(element)) close();
  }

  return {
    element,
    close,
    /** @param {boolean} on @param {string} [title] why not, where it is off */
    enable(on, title = "Save or copy what is on screen") {
      button.disabled = !on;
      button.title = said(title);
      if (!on) close();
    },
    /** @param {number | null} done in [0, 1], of what is being made; nothing once it is */
    progress(done) {
      progress.hidden = done === null;
      if (done !== null) progress.textContent = `${Math.round(100 * done)} %`;
    },
  };
}
