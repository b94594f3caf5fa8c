import { present } from "../present.js";

/**
 * The arrow keys, Home and End walk along a row of tabs, and each opens as one comes to it.
 *
 * @param {HTMLButtonElement[]} tabs
 * @param {(at: number) => void} open
 * @returns {(event: KeyboardEvent) => void} the listener for the keys of their row
 */
export function walkTabs(tabs, open) {
  return (event) => {
    // A card of a lesson hides some.
    const seen = tabs.filter((tab) => tab.offsetParent !== null);
    const at = seen.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const goal = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: seen.length - 1 }[event.key];
    if (at < 0 || goal === undefined) return;
    event.preventDefault();
    const next = present(seen.at(goal % seen.length));
    open(tabs.indexOf(next));
    next.focus();
  };
}
