import { el } from "../dom.js";
import { remembered } from "../host/remembered.js";
import { present } from "../present.js";

/**
 * What to touch first: `at` is where the hint stands, `in` what is touched, and `by` the event that says it was. Of one name,
 * the first whose place is there counts: a model of words has no strips behind its sliders.
 *
 * @type {{name: string, at: string, in: string, by: string, text: string}[]}
 */
const HINTS = [
  { name: "image", at: ".start > h2", in: ".start", by: "click", text: "Pick one, or draw" },
  { name: "word", at: ".word-control:not([hidden]) > h2", in: ".word-control", by: "input", text: "Type one" },
  { name: "codes", at: ".code-grid > h2", in: ".codes", by: "pointerdown", text: "Paint a cell" },
  { name: "latent", at: ".sliders:has(.film) > h2", in: ".sliders", by: "input", text: "Drag a strip" },
  { name: "latent", at: ".sliders > h2", in: ".sliders", by: "input", text: "Drag a slider" },
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
  const there = HINTS.filter(({ at, in: inside }) => element.querySelector(at) && element.querySelector(inside));
  const first = there.filter(({ name }, at) => there.findIndex((one) => one.name === name) === at);
  first.forEach(({ name, at, in: inside, by, text }, index) => {
    if (done.has(name)) return;
    const place = present(element.querySelector(at));
    const touched = present(element.querySelector(inside));
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
