import { languageOf, marked, READ, said } from "./spoken.js";

/**
 * Makes an element. `on` takes listeners, `text` its text; everything else is an attribute, left out when it is missing or
 * false. What a person reads is said in the language of the lesson beside it, where its table has the text.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { on = {}, text, ...attributes } = properties;
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? "" : READ.includes(name) ? said(String(value)) : String(value));
  }
  if (text !== undefined) element.textContent = said(text);
  const spoken = text !== undefined ? languageOf(text) : null;
  if (spoken && !element.lang) element.lang = spoken;
  element.append(
    ...children.filter((child) => child !== null).map((child) => (typeof child === "string" ? said(child) : child)),
  );
  return element;
}

/**
 * For what is written while z moves: the text is changed and not replaced, which would make a browser look again for the
 * elements that depend on what others hold, and lay out more. Nothing changes where nothing has changed.
 *
 * @param {Element} element that holds a text and nothing else
 * @param {string} text
 */
export function write(element, text) {
  const there = /** @type {Text | null} */ (element.firstChild);
  if (!there) element.textContent = text;
  else if (there.data !== text) there.data = text;
}

/**
 * A field whose text is selected as it gets the focus, so that typing replaces it.
 *
 * @param {HTMLInputElement} field
 */
export function selectedOnFocus(field) {
  let pressed = false;
  field.addEventListener("focus", () => field.select());
  field.addEventListener("mousedown", () => {
    pressed = field !== /** @type {Document | ShadowRoot} */ (field.getRootNode()).activeElement;
  });
  // WebKit puts the caret where the press that gave the focus ends, and what was selected is not any more.
  field.addEventListener("mouseup", (event) => {
    if (pressed) event.preventDefault();
    pressed = false;
  });
  return field;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [settings]
 * @returns {CanvasRenderingContext2D} which a browser refuses only when it is out of memory
 */
export function context2d(canvas, settings) {
  const context = canvas.getContext("2d", settings);
  if (!context) throw new Error("The browser has no memory left for another canvas.");
  return context;
}

/**
 * @param {number} width @param {number} height @param {CanvasRenderingContext2DSettings} [settings]
 * @returns {OffscreenCanvasRenderingContext2D} of a canvas that is not on the page
 */
export function offscreen2d(width, height, settings) {
  const context = new OffscreenCanvas(width, height).getContext("2d", settings);
  if (!context) throw new Error("The browser has no memory left for another canvas.");
  return context;
}

/** @param {string} text of others, which may be written from right to left @returns {string} apart from what is around */
export function isolated(text) {
  return `\u2068${text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "")}\u2069`;
}

/** @param {number} index @returns {string} z with its index below the line */
export function latentName(index) {
  return `z${String(index).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)])}`;
}

/** @param {number} value @param {number} [decimals] @returns {string} with a true minus sign, and a mark between thousands */
export function spell(value, decimals = 2) {
  const digits = (Math.abs(value) < 0.5 * 10 ** -decimals ? 0 : value).toFixed(decimals);
  const whole = digits.replace(/\d+/, (thousands) => thousands.replace(/\B(?=(\d{3})+$)/g, ","));
  return marked(whole.replace("-", "−"));
}

/** @param {string} sentence @returns {(Node | string)[]} with what stands between backticks as code */
export function withCode(sentence) {
  return sentence.split("`").map((part, at) => (at % 2 ? el("code", { text: part }) : part));
}

/** @param {number} nats of one latent @returns {string} never as less than it is */
export function spellKl(nats) {
  if (nats < 0.0005) return "under 0.001";
  return spell(nats, nats < 0.095 ? 3 : 1);
}

/**
 * Remembers where the focus came from when it enters an element that will be put away.
 *
 * @param {HTMLElement} element
 * @returns {() => void} gives the focus back
 */
export function borrowFocus(element) {
  /** @type {HTMLElement | null} */
  let lender = null;
  element.addEventListener("focusin", ({ relatedTarget }) => {
    const from = /** @type {HTMLElement | null} */ (relatedTarget);
    if (!element.contains(from)) lender = from;
  });
  return () => {
    if (focusIn(element)) lender?.focus();
  };
}

/** @param {Element} root @returns {Element | null} where the focus is, also inside a shadow root */
export function focusIn(root) {
  const scope = /** @type {Document | ShadowRoot} */ (root.getRootNode());
  return scope.activeElement && root.contains(scope.activeElement) ? scope.activeElement : null;
}
