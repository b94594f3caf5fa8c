import { el } from "../dom.js";
import { rove } from "../roving.js";

const SVG = "http://www.w3.org/2000/svg";

/** Where each part is drawn, in units of the picture: its outline, its letters and where they stand. */
/** @type {Record<string, {d: string, text: string, at: [number, number]}>} */
const SHAPES = {
  source: { d: "M2 10h24v24H2z", text: "x", at: [14, 26] },
  encoder: { d: "M36 4L62 12V32L36 40z", text: "enc", at: [48.5, 26] },
  spread: { d: "M72 4h26v36H72z", text: "μ σ", at: [85, 26] },
  noise: { d: "M121 58a11 11 0 1 0 .01 0z", text: "ε", at: [121, 73] },
  code: { d: "M121 11a11 11 0 1 0 .01 0z", text: "z", at: [121, 26] },
  decoder: { d: "M142 12L168 4V40L142 32z", text: "dec", at: [155.5, 26] },
  reconstruction: { d: "M178 10h24v24h-24z", text: "x̂", at: [190, 26] },
};

/** Lines from part to part; without a posterior the code comes straight from the encoder. */
const LINES = { posterior: "M26 22H36M62 22H72M98 22H110M121 58V33M132 22H142M168 22H178" };
const PLAIN = "M26 22H36M62 22H110M132 22H142M168 22H178";

/**
 * A small picture of the model. The part under the pointer, or that has the focus, is lit, with what stands for it on screen;
 * what the pointer is over on screen lights its part.
 *
 * @param {import("./parts.js").PartOfModel[]} parts
 */
export function createDiagram(parts) {
  const hasNoise = parts.some(({ name }) => name === "noise");
  const picture = make("svg", {
    viewBox: hasNoise ? "0 0 204 84" : "0 0 204 44",
    role: "group",
    "aria-label": "The parts of the model",
    class: "pipeline-diagram",
  });
  picture.append(make("path", { d: hasNoise ? LINES.posterior : PLAIN, class: "pipeline-lines" }));
  const nodes = parts.map((part) => {
    const { d, text, at } = SHAPES[part.name];
    const node = make("g", { role: "button", tabindex: "-1", "data-part": part.name, "aria-label": part.label });
    const letters = make("text", { x: String(at[0]), y: String(at[1]) });
    letters.textContent = text;
    node.append(make("path", { d }), letters);
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
    const part = parts.find((one) => one.name === name);
    meaning.textContent = part?.words ?? "Point at a part to see what it is, and where it is on screen.";
    formula.textContent = part?.formula ?? "";
  }

  /** @param {string | null} name */
  function lightAll(name) {
    light(name);
    for (const one of root?.querySelectorAll(".pipeline-lit") ?? []) one.classList.remove("pipeline-lit");
    const part = parts.find((one) => one.name === name);
    for (const one of (part && root?.querySelectorAll(part.places)) ?? []) one.classList.add("pipeline-lit");
  }

  /** @param {Event} event @returns {string | null} of the part that it is about */
  const partAt = ({ target }) =>
    /** @type {Element} */ (target).closest("[data-part]")?.getAttribute("data-part") ?? null;

  picture.addEventListener("pointerover", (event) => lightAll(partAt(event)));
  picture.addEventListener("pointerleave", () => lightAll(null));
  picture.addEventListener("click", (event) => lightAll(partAt(event)));
  picture.addEventListener("focusin", (event) => lightAll(partAt(event)));
  picture.addEventListener("focusout", () => lightAll(null));
  const setCurrent = rove(/** @type {any} */ (picture), () => [/** @type {any[]} */ (nodes)]);
  setCurrent(/** @type {any} */ (nodes[0]));
  light(null);

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

/** @param {string} tag @param {Record<string, string>} attributes @returns {SVGElement} */
function make(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
