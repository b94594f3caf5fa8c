// What stands on every page: what all of them share, and a class, which is here on pages beside the instrument too.

import { attendElsewhere } from "../classroom/elsewhere.js";
import { surround } from "../page/around.js";
import { hosted } from "./component.js";
import { hide, placeOf } from "./place.js";
import { onReconnected } from "./unreachable.js";

/** On a page that is not ours, the bar of a class stands over what there is. */
const AT_THE_FOOT = "position: fixed; z-index: 100; inset: auto 12px 12px; width: auto";

export const host = hosted(
  (root, /** @type {{assets: string, page: string}} */ data, newest) => {
    hide(root);
    const assets = new URL(data.assets, document.baseURI).href;
    surround(assets);
    const onShown = (/** @type {boolean} */ isShown) =>
      isShown ? placeOf(root)?.setAttribute("style", AT_THE_FOOT) : hide(root);
    const attend = (/** @type {string} */ page) => attendElsewhere(root, { page, assets, onShown });
    let classroom = attend(data.page);
    let count = 0;
    const leave = onReconnected(() => newest().setStateValue("reconnected", ++count));
    return {
      update({ page }, before) {
        if (page === before.page) return;
        classroom.destroy();
        classroom = attend(page);
      },
      destroy() {
        leave();
        classroom.destroy();
      },
    };
  },
  { isWhole: false },
);
