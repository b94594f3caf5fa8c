/**
 * Makes an element. `on` takes listeners, `text` its text; everything else is an attribute, left out when it is missing or
 * false.
 *
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string | null)} children
 * @returns {any}
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { on = {}, text, ...attributes } = properties;
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? "" : String(value));
  }
  if (text !== undefined) element.textContent = text;
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** @param {number} index @returns {string} z with its index below the line */
export function latentName(index) {
  return `z${String(index).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)])}`;
}

/** @param {number} value @param {number} [decimals] @returns {string} with a true minus sign */
export function spell(value, decimals = 2) {
  return (Math.abs(value) < 0.5 * 10 ** -decimals ? 0 : value).toFixed(decimals).replace("-", "−");
}

/** @param {Element} root @returns {Element | null} where the focus is, also inside a shadow root */
export function focusIn(root) {
  const scope = /** @type {Document | ShadowRoot} */ (root.getRootNode());
  return scope.activeElement && root.contains(scope.activeElement) ? scope.activeElement : null;
}
