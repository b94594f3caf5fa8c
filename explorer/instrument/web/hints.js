import { el } from "./dom.js";
import { remembered } from "./remembered.js";

/**
 * What to touch first: `at` is where the hint stands, `in` what is touched, and `by` the event that says it was.
 *
 * @type {{name: string, at: string, in: string, by: string, text: string}[]}
 */
const HINTS = [
  { name: "image", at: ".bring > h2", in: ".bring", by: "click", text: "Pick one, or draw" },
  { name: "latent", at: ".sliders > h2", in: ".sliders", by: "input", text: "Drag a strip" },
  { name: "map", at: ".map-frame", in: ".map-frame", by: "click", text: "Click a point" },
];

/**
 * Points at what to touch, in the order in which it makes sense, and takes each hint away for good once it was followed.
 *
 * @param {HTMLElement} element of an open model
 */
export function pointAt(element) {
  const store = remembered("hints");
  const done = new Set(store.get().split(","));
  HINTS.forEach(({ name, at, in: inside, by, text }, index) => {
    const place = element.querySelector(at);
    const touched = element.querySelector(inside);
    if (!place || !touched || done.has(name)) return;
    const hint = el(
      "span",
      { class: `first-hint first-hint-${name}` },
      el("b", { text: String(index + 1), "aria-hidden": "true" }),
      text,
    );
    place.append(hint);
    touched.addEventListener(
      by,
      () => {
        hint.remove();
        done.add(name);
        store.set([...done].filter(Boolean).join());
      },
      { once: true, capture: true },
    );
  });
}
