import { el, withCode } from "../dom.js";
import { addressOf } from "../shelf/held.js";
import { createMessages } from "./messages.js";
import { createShare } from "./share.js";

/**
 * What every page of the explorer stands in: its style sheet, the sentences for the person, the link to copy, and a place for
 * what is open. It is not seen before it is dressed.
 *
 * @param {HTMLElement} root which may be inside a shadow root, where the style sheets of the page do not reach
 * @param {{assets: string, name?: string}} options `assets`: absolute URL of the web folder, with trailing slash; `name`: a
 *   class of its own
 */
export function createFrame(root, { assets, name = "" }) {
  const messages = createMessages();
  const share = createShare({ tell: messages.tell });
  const place = el("div", { class: "place" });
  const element = el(
    "div",
    { class: `instrument ${name}`.trim(), style: "visibility: hidden" },
    share.element,
    messages.element,
    place,
  );
  const sheet = el("link", { rel: "stylesheet", href: addressOf("styles.css", assets) });
  /** @type {Promise<void>} */
  const styled = new Promise((resolve) => {
    for (const settled of ["load", "error"]) sheet.addEventListener(settled, () => resolve());
  });
  root.append(sheet, element);

  return {
    element,
    messages,
    share: share.share,
    /** Once the style sheet is here, or could not be fetched. */
    styled: styled.then(() => void element.style.removeProperty("visibility")),
    /** @param {HTMLElement} content what is open */
    show: (content) => place.replaceChildren(content),
    /** @param {string} sentence while something is on its way */
    wait: (sentence) => place.replaceChildren(el("p", { class: "loading", role: "status", text: sentence })),
    /** @param {string} sentence why nothing is open */
    block: (sentence) => place.replaceChildren(el("p", { class: "blocked", role: "alert" }, ...withCode(sentence))),
    destroy() {
      sheet.remove();
      element.remove();
    },
  };
}
