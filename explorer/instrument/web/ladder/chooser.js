import { el, spell } from "../dom.js";
import { icon } from "../icons.js";
import { rove } from "../roving.js";

/** On one page: three lines of six. */
const PAGE = 18;

/**
 * The test images to look at the models with, some at a time.
 *
 * @param {{card: import("../checkpoint/checkpoint.js").ImagesCard, count: number,
 *   thumbnails: import("../checkpoint/thumbnails.js").Thumbnails, onChoose(image: number): void}} options
 */
export function createChooser({ card, count, thumbnails, onChoose }) {
  const { split } = card.examples;
  const list = el("div", { class: "chooser-list", role: "group", "aria-label": `Images of the ${split} split` });
  const turn = (/** @type {string} */ label, /** @type {number} */ by) =>
    el(
      "button",
      {
        class: `quiet ${by < 0 ? "previous" : "next"}`,
        type: "button",
        title: label,
        "aria-label": label,
        on: { click: () => page(first + by * PAGE) },
      },
      icon("chevron"),
    );
  const previous = turn("Previous images", -1);
  const next = turn("Next images", 1);
  const where = el("span", { class: "hint" });
  /** @type {HTMLElement[]} */
  let buttons = [];
  let first = -1;
  let chosen = -1;

  const makeCurrent = rove(list, () => {
    const columns = Math.max(1, buttons.filter(({ offsetTop }) => offsetTop === buttons[0].offsetTop).length);
    return Array.from({ length: Math.ceil(buttons.length / columns) }, (_, line) =>
      buttons.slice(line * columns, (line + 1) * columns),
    );
  });

  /** @param {number} to the first image of the page */
  function page(to) {
    if (to < 0 || to >= count || to === first) return;
    first = to;
    const last = Math.min(count, first + PAGE);
    buttons = Array.from({ length: last - first }, (_, by) =>
      el("button", {
        class: "thumb",
        type: "button",
        tabindex: -1,
        "aria-label": `Image ${first + by}`,
        title: `Image ${first + by}`,
        style: thumbnails.style(first + by),
        on: { click: () => onChoose(first + by) },
      }),
    );
    list.replaceChildren(...buttons);
    makeCurrent(buttons[0]);
    where.textContent = `${first + 1} to ${last} of ${spell(count, 0)}`;
    previous.setAttribute("aria-disabled", String(first === 0));
    next.setAttribute("aria-disabled", String(last === count));
    mark();
  }

  function mark() {
    buttons.forEach((button, by) => button.setAttribute("aria-pressed", String(first + by === chosen)));
    const button = buttons[chosen - first];
    if (button) makeCurrent(button);
  }

  return {
    element: el("div", { class: "chooser" }, list, el("div", { class: "chooser-line" }, where, previous, next)),
    /** @param {number} image */
    show(image) {
      if (image === chosen) return;
      chosen = image;
      page(Math.floor(image / PAGE) * PAGE);
      mark();
    },
  };
}
