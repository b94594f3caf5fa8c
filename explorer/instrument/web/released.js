// Tells Python where one was when a control was let go. Streamlit tells it what a page's own components hold only while
// one stays on that page: this one belongs to all pages, so that nothing is lost on the way from the instrument to another.

import { hosted } from "./component.js";

/** @typedef {{model: string, z: number[], query: string}} Released */

/** @type {((last: Released & {count: number}) => void) | null} */
let send = null;
/** @type {(Released & {count: number}) | null} */
let last = null;

/** The same place twice is two releases: another page may have moved meanwhile. @param {Released} released */
export function tell(released) {
  last = { ...released, count: (last?.count ?? 0) + 1 };
  send?.(last);
}

export const host = hosted((root, data, newest) => {
  // Nothing is to be seen of it, so it takes no room among what is.
  const { host } = /** @type {ShadowRoot} */ (root.getRootNode());
  host.closest("[data-testid=stElementContainer]")?.style.setProperty("display", "none");
  send = (released) => newest().setStateValue("last", released);
  return {
    update() {},
    destroy() {
      send = null;
    },
  };
});
