import { el } from "../dom.js";
import { icon } from "../icons.js";
import { present } from "../present.js";

/**
 * What a tour of a minute stops at; where a model has no such part, it goes on.
 *
 * @type {{at: string, title: string, text: string}[]}
 */
const STOPS = [
  {
    at: "[data-panel='start']",
    title: "An image goes in",
    text: "Choose one of the test images, draw one, or upload your own. The model was not trained on any of them.",
  },
  {
    at: ".word-control:not([hidden])",
    title: "A word goes in",
    text: "Type any name, even one that you make up. The encoder reads it letter by letter.",
  },
  {
    at: ".sliders:has(.film)",
    title: "It becomes a few numbers",
    text:
      "The encoder sums the image up in a few numbers, its latents, one for each slider. The strip behind a slider shows what the " +
      "model would draw if you dragged it there. The blue curve below it shows which values the encoder finds likely for this " +
      "image, the grey one which are usual for any image.",
  },
  {
    at: ".sliders:not(:has(.film))",
    title: "It becomes a few numbers",
    text:
      "The encoder sums the word up in a few numbers, its latents, one for each slider. The blue curve under a slider shows which " +
      "values the encoder finds likely for this word, the grey one which are usual for any word.",
  },
  {
    at: ".control-list .label-choices, .codes",
    title: "Some things are chosen, not dragged",
    text: "This model is also given something that has no in-between. Choose it here.",
  },
  {
    at: ".stage",
    title: "The numbers become an image again",
    text: "The decoder draws from the latents alone. Drag a slider, and it draws anew while you drag.",
  },
  {
    at: ".readout",
    title: "Something is lost on the way",
    text: "What went in, what comes out, and where the two differ. A few numbers cannot hold every pixel.",
  },
  {
    at: ".map",
    title: "Where you are among the data",
    text: "Every point is a test image; those that the model finds alike lie together. The ring is you. Click a point to go there.",
  },
  {
    at: ".tab-row > .tabs",
    title: "All of it at once",
    text: "Every latent from end to end, the way from one image to another, and directions that you make yourself.",
  },
];

const GAP = 14;

/**
 * A walk along the page, a part at a time. The arrow keys walk it too, and Escape leaves.
 *
 * @param {HTMLElement} root what is walked through
 */
export function createTour(root) {
  const title = el("h2");
  const text = el("p");
  const where = el("span", { class: "hint" });
  const back = el("button", { class: "action", type: "button", text: "Back", on: { click: () => go(-1) } });
  const next = el("button", { class: "action tour-next", type: "button", text: "Next", on: { click: () => go(1) } });
  const dialog = el(
    "dialog",
    { class: "tour", "aria-label": "Tour", on: { close: leave, keydown: walk } },
    title,
    text,
    el("div", { class: "tour-line" }, where, back, next),
    el(
      "button",
      { class: "quiet", type: "button", "aria-label": "Leave the tour", on: { click: () => dialog.close() } },
      icon("close"),
    ),
  );
  /** @type {{at: HTMLElement, title: string, text: string}[]} */
  let stops = [];
  let now = 0;

  function open() {
    stops = STOPS.flatMap((stop) => {
      const at = /** @type {HTMLElement | null} */ (root.querySelector(stop.at));
      return at && at.getClientRects().length > 0 && at.getBoundingClientRect().height > 0 ? [{ ...stop, at }] : [];
    });
    if (!stops.length) return;
    now = 0;
    dialog.showModal();
    show();
  }

  /** @param {number} by */
  function go(by) {
    if (now + by >= stops.length) return dialog.close();
    if (now + by < 0) return;
    stops[now].at.classList.remove("toured");
    now += by;
    show();
  }

  function show() {
    const stop = stops[now];
    title.textContent = stop.title;
    text.textContent = stop.text;
    where.textContent = `${now + 1} of ${stops.length}`;
    back.hidden = now === 0;
    next.textContent = now + 1 === stops.length ? "Done" : "Next";
    next.focus();
    stop.at.classList.add("toured");
    stop.at.scrollIntoView({ block: "nearest" });
    place(stop.at);
  }

  /** Beside what it is about, where there is room, else over its lower end. @param {HTMLElement} at */
  function place(at) {
    const zoom = dialog.currentCSSZoom ?? 1;
    const { left, right, top, bottom } = at.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = dialog;
    const [wide, high] = [innerWidth / zoom, innerHeight / zoom];
    const room = { right: wide - right / zoom, left: left / zoom, below: high - bottom / zoom };
    const inside = (/** @type {number} */ from, /** @type {number} */ size, /** @type {number} */ all) =>
      Math.max(GAP, Math.min(from, all - size - GAP));
    let [x, y] = [left / zoom, bottom / zoom + GAP];
    if (room.right > width + 2 * GAP) [x, y] = [right / zoom + GAP, top / zoom];
    else if (room.left > width + 2 * GAP) [x, y] = [left / zoom - width - GAP, top / zoom];
    else if (room.below < height + 2 * GAP) y = top / zoom - height - GAP;
    dialog.style.left = `${inside(x, width, wide)}px`;
    dialog.style.top = `${inside(y, height, high)}px`;
  }

  /** @param {KeyboardEvent} event */
  function walk(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    go(by);
  }

  function leave() {
    present(stops[now]).at.classList.remove("toured");
  }

  return { element: dialog, open };
}
