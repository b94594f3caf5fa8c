/**
 * Keeps what is under a pointer there while something appears above it. Most browsers see to that.
 *
 * @param {HTMLElement} element stays where it is on screen
 * @param {() => void} change
 */
export function holding(element, change) {
  if (CSS.supports("overflow-anchor", "auto")) return change();
  const { top } = element.getBoundingClientRect();
  change();
  const by = element.getBoundingClientRect().top - top;
  /** @type {HTMLElement | null} */
  let at = element;
  while (at && !(at.scrollHeight > at.clientHeight && /auto|scroll/.test(getComputedStyle(at).overflowY))) {
    const root = at.getRootNode();
    at = at.parentElement ?? /** @type {HTMLElement | null} */ (root instanceof ShadowRoot ? root.host : null);
  }
  if (by) (at ?? document.scrollingElement)?.scrollBy(0, by);
}
