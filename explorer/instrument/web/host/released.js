// Tells Python where one was when a control was let go. Streamlit tells it what a page's own components hold only while
// one stays on that page: this one belongs to all pages, so that nothing is lost on the way from the instrument to another.
// For the same reason a class is here on pages beside the instrument.

import { attendElsewhere } from "../classroom/elsewhere.js";
import { surround } from "../page/around.js";
import { hosted } from "./component.js";
import { onReconnected } from "./unreachable.js";

/** @typedef {import("../exchange.js").Released} Released */

/** On a page that is not ours, the bar of a class stands over what there is. */
const AT_THE_FOOT = "position: fixed; z-index: 100; inset: auto 12px 12px; width: auto";

/** @type {((released: Released) => void) | null} */
let send = null;
/** @type {Released | null} what was sent before there was a component to receive it */
let waiting = null;
let count = 0;
let reconnected = 0;

/** The same place twice is two releases: another page may have moved meanwhile. @param {Omit<Released, "count">} state */
export function tell(state) {
  count += 1;
  const released = { ...state, count };
  if (send) send(released);
  else waiting = released;
}

export const host = hosted(
  (root, /** @type {{assets: string, page: string}} */ data, newest) => {
    // Nothing is to be seen of it, so it takes no room among what is.
    const { host } = /** @type {ShadowRoot} */ (root.getRootNode());
    const place = /** @type {HTMLElement | null} */ (host.closest("[data-testid=stElementContainer]"));
    place?.style.setProperty("display", "none");
    const assets = new URL(data.assets, document.baseURI).href;
    surround(assets);
    const onShown = (/** @type {boolean} */ isShown) =>
      place?.setAttribute("style", isShown ? AT_THE_FOOT : "display: none");
    const attend = (/** @type {string} */ page) => attendElsewhere(root, { page, assets, onShown });
    let classroom = attend(data.page);
    const mine = (/** @type {Released} */ released) => newest().setStateValue("last", released);
    send = mine;
    if (waiting) send(waiting);
    waiting = null;
    const leave = onReconnected(() => newest().setStateValue("reconnected", ++reconnected));
    return {
      update({ page }, before) {
        if (page === before.page) return;
        classroom.destroy();
        classroom = attend(page);
      },
      destroy() {
        leave();
        classroom.destroy();
        // Another may stand already, on the page that one has gone to.
        if (send === mine) send = null;
      },
    };
  },
  { isWhole: false },
);
