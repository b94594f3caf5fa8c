import { borrowFocus, el, selectedOnFocus } from "../dom.js";
import { icon } from "../icons.js";
import { said } from "../spoken.js";
import { BRIEFLY_MS } from "./messages.js";

/**
 * Copies the link of what is on screen; where the browser does not allow that, shows it, selected, to copy by hand.
 *
 * @param {{tell(sentence: string, ms?: number): void}} options
 */
export function createShare({ tell }) {
  const field = el("input", {
    type: "text",
    readonly: true,
    "aria-label": "Link to this view",
  });
  selectedOnFocus(field);
  const element = el(
    "div",
    { class: "link-line", hidden: true },
    el("label", {}, "Copy this link: ", field),
    el("button", { class: "quiet", type: "button", "aria-label": "Close", on: { click: close } }, icon("close")),
  );
  const returnFocus = borrowFocus(element);

  function close() {
    returnFocus();
    element.hidden = true;
  }

  return {
    element,
    /** @param {string} url */
    async share(url) {
      try {
        await navigator.clipboard.writeText(url);
        close();
        tell(said("Link copied: it opens to exactly this."), BRIEFLY_MS);
      } catch {
        field.value = url;
        element.hidden = false;
        field.focus();
      }
    },
  };
}
