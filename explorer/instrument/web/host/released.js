// Reports to Python where one was when a control was let go. Streamlit gives it what a page's own components hold only while
// one stays on that page: this one belongs to all pages, so that nothing is lost on the way from the instrument to another.
// It is a fragment of its page: the rest is not drawn anew with it.

import { hosted } from "./component.js";
import { hide } from "./place.js";

/** @typedef {import("../exchange.js").Released} Released */

/** @type {((released: Released) => void) | null} */
let send = null;
/** @type {Released | null} what was sent before there was a component to receive it */
let waiting = null;
let count = 0;

/** The same place twice is two releases: another page may have moved meanwhile. @param {Omit<Released, "count">} state */
export function tell(state) {
  count += 1;
  const released = { ...state, count };
  if (send) send(released);
  else waiting = released;
}

export const host = hosted(
  (root, /** @type {{assets: string}} */ _data, newest) => {
    hide(root);
    const mine = (/** @type {Released} */ released) => newest().setStateValue("last", released);
    send = mine;
    if (waiting) send(waiting);
    waiting = null;
    return {
      update() {},
      destroy() {
        // Another may stand already, on the page that one has gone to.
        if (send === mine) send = null;
      },
    };
  },
  { isWhole: false },
);
