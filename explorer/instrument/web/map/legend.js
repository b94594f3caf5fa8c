import { el, focusIn, spell } from "../dom.js";
import { rove } from "../roving.js";
import { said } from "../spoken.js";

/** @param {import("./colours.js").Rgb} rgb @param {number} [alpha] */
export const css = ([red, green, blue], alpha = 1) => `rgb(${red} ${green} ${blue} / ${alpha})`;

/**
 * What the colours say. Classes are buttons: a click hides one or shows it again, a double click or Alt keeps it alone.
 *
 * @param {() => void} onFilter
 */
export function createLegend(onFilter) {
  /** @type {Set<number>} */
  let hidden = new Set();
  /** @type {HTMLElement[]} */
  let buttons = [];
  const all = el("button", {
    class: "legend-all",
    type: "button",
    text: "show all",
    hidden: true,
    on: { click: () => filter(new Set()) },
  });
  const element = el("div", { class: "legend" });
  const makeCurrent = rove(element, () => [buttons]);

  /** @param {Set<number>} next */
  function filter(next) {
    // With nothing left to see there is nothing to compare: the last class out brings all of them back.
    hidden = next.size === buttons.length ? new Set() : next;
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(!hidden.has(index))));
    if (hidden.size === 0 && focusIn(all)) buttons[0]?.focus();
    all.hidden = hidden.size === 0;
    onFilter();
  }

  /** @param {number} index */
  function only(index) {
    filter(new Set(buttons.map((_, other) => other).filter((other) => other !== index)));
  }

  /** @param {number} index */
  function toggle(index) {
    const next = new Set(hidden);
    if (!next.delete(index)) next.add(index);
    filter(next);
  }

  return {
    element,
    /** @param {number} index of a colour @returns {boolean} */
    isHidden: (index) => hidden.has(index),
    /** @param {import("./colours.js").Colouring} colouring @param {boolean} keep the filter: only the theme has changed */
    show(colouring, keep) {
      if (!keep) hidden = new Set();
      all.hidden = hidden.size === 0;
      buttons = (colouring.names ?? []).map((name, index) =>
        el(
          "button",
          {
            class: "class",
            type: "button",
            tabindex: "-1",
            "aria-pressed": String(!hidden.has(index)),
            title: "Click: hide or show. Double click or Alt: only this one",
            on: {
              click: (/** @type {MouseEvent} */ { altKey }) => (altKey ? only(index) : toggle(index)),
              dblclick: () => only(index),
            },
          },
          el("i", { style: `--colour: ${css(colouring.colours[index])}` }),
          el("span", { text: name }),
          el("span", { class: "count", text: spell(colouring.counts[index], 0) }),
        ),
      );
      if (colouring.names) {
        element.setAttribute("role", "group");
        element.setAttribute("aria-label", said("Show by {title}", { title: said(colouring.title) }));
        const title = el("span", { class: "hint legend-title", text: colouring.title });
        element.replaceChildren(...(colouring.ordered ? [title] : []), ...buttons, all);
        if (buttons[0]) makeCurrent(buttons[0]);
      } else {
        element.removeAttribute("role");
        element.replaceChildren(scale(colouring));
      }
    },
  };
}

/** @param {import("./colours.js").Colouring} colouring */
function scale({ title, colours, marks, unit }) {
  const stops = colours.filter((_, at) => at % 15 === 0).map((colour) => css(colour));
  return el(
    "div",
    { class: "scale" },
    el("span", { class: "hint", text: unit ? `${title}, ${unit}` : title }),
    el("span", { class: "scale-bar", style: `background: linear-gradient(to right, ${stops.join(", ")})` }),
    el("span", { class: "scale-marks" }, ...marks.map(({ at, text }) => el("span", { style: `--at: ${at}`, text }))),
  );
}
