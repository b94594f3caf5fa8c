import { el } from "../dom.js";
import { rove } from "../roving.js";
import { svg } from "../svg.js";

/** Where each part is drawn, in units of the picture: its outline, its letters and where they stand. */
/** @type {Record<string, {d: string, text: string, at: [number, number]}>} */
const SHAPES = {
  source: { d: "M1 8h28v28H1z", text: "x", at: [15, 26.5] },
  encoder: { d: "M35 4L69 10V34L35 40z", text: "enc", at: [51.5, 26.5] },
  spread: { d: "M76 4h34v36H76z", text: "μ σ", at: [93, 26.5] },
  noise: { d: "M130.5 54a14 14 0 1 0 .01 0z", text: "ε", at: [130.5, 72.5] },
  code: { d: "M130.5 8a14 14 0 1 0 .01 0z", text: "z", at: [130.5, 26.5] },
  decoder: { d: "M149 10L183 4V40L149 34z", text: "dec", at: [166.5, 26.5] },
  reconstruction: { d: "M188 8h28v28h-28z", text: "x̂", at: [202, 27] },
};

/** Lines from part to part; without a posterior the code comes straight from the encoder. */
const WITH_NOISE = "M29 22H35M69 22H76M110 22H116.5M130.5 54V36M144.5 22H149M183 22H188";
const PLAIN = "M29 22H35M69 22H116.5M144.5 22H149M183 22H188";

/**
 * A small picture of the model. The part under the pointer, or that has the focus, is lit, with what stands for it on screen;
 * what the pointer is over on screen lights its part.
 *
 * @param {import("./parts.js").PartOfModel[]} parts
 */
export function createDiagram(parts) {
  const hasNoise = parts.some(({ name }) => name === "noise");
  const picture = svg("svg", {
    viewBox: hasNoise ? "0 0 217 84" : "0 0 217 44",
    role: "group",
    "aria-label": "The parts of the model",
    class: "pipeline-diagram",
  });
  picture.append(svg("path", { d: hasNoise ? WITH_NOISE : PLAIN, class: "pipeline-lines" }));
  const nodes = parts.map((part) => {
    const { d, text, at } = SHAPES[part.name];
    const node = svg("g", {
      role: "button",
      tabindex: "-1",
      "data-part": part.name,
      "aria-label": `${text}: ${part.label}`,
    });
    const letters = svg("text", { x: at[0], y: at[1], text });
    node.append(svg("path", { d }), letters);
    picture.append(node);
    return node;
  });
  const formula = el("span", { class: "pipeline-formula" });
  const meaning = el("span");
  const words = el("p", { class: "hint pipeline-words", "aria-live": "polite" }, meaning, " ", formula);
  const element = el("div", { class: "pipeline-map" }, picture, words);
  /** @type {HTMLElement | null} what all panels stand in */
  let root = null;

  /** @param {string | null} name */
  function light(name) {
    for (const node of nodes) node.classList.toggle("lit", node.getAttribute("data-part") === name);
  }

  /** @param {import("./parts.js").PartOfModel} [part] */
  function say(part) {
    words.classList.toggle("idle", !part);
    meaning.textContent = part?.words ?? "Point at a part to see what it is.";
    formula.textContent = part?.formula ?? "";
  }

  /** @param {string | null} name */
  function lightAll(name) {
    light(name);
    for (const one of root?.querySelectorAll(".pipeline-lit") ?? []) one.classList.remove("pipeline-lit");
    const part = parts.find((one) => one.name === name);
    say(part);
    for (const one of (part && root?.querySelectorAll(part.places)) ?? []) one.classList.add("pipeline-lit");
  }

  /** @param {Event} event @returns {string | null} of the part that it is about */
  const partAt = ({ target }) =>
    /** @type {Element} */ (target).closest("[data-part]")?.getAttribute("data-part") ?? null;

  picture.addEventListener("pointerover", (event) => lightAll(partAt(event)));
  picture.addEventListener("pointerleave", () => lightAll(null));
  picture.addEventListener("click", (event) => lightAll(partAt(event)));
  // Not on the picture: Chromium lets the Tab key stop at an <svg> that listens for the focus.
  element.addEventListener("focusin", (event) => lightAll(partAt(event)));
  element.addEventListener("focusout", () => lightAll(null));
  const setCurrent = rove(element, () => [/** @type {any[]} */ (nodes)]);
  setCurrent(/** @type {any} */ (nodes[0]));
  say();

  /** @param {PointerEvent} event */
  function follow({ target, buttons }) {
    const over = /** @type {Element} */ (target);
    if (buttons || element.contains(over)) return;
    light(parts.findLast(({ places }) => over.closest(places))?.name ?? null);
  }

  return {
    element,
    /** @param {HTMLElement} bench what all panels stand in */
    listenIn(bench) {
      root = bench;
      bench.addEventListener("pointerover", follow);
    },
  };
}
