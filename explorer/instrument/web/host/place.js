/**
 * The element of Streamlit's page that a component stands in.
 *
 * @param {Node} root in the component
 * @returns {HTMLElement | null} that of its fragment, where it has one
 */
export function placeOf(root) {
  const { host } = /** @type {ShadowRoot} */ (root.getRootNode());
  return host.closest("[data-testid=stLayoutWrapper]") ?? host.closest("[data-testid=stElementContainer]");
}

/** Nothing is to be seen of it, so it takes no room among what is. @param {Node} root in the component */
export function hide(root) {
  placeOf(root)?.setAttribute("style", "display: none");
}
