import { el } from "./dom.js";

/**
 * A style sheet for beside what it dresses: inside a shadow root, those of the page do not reach.
 *
 * @param {string} href
 * @returns {{link: HTMLLinkElement, settled: Promise<void>}} `settled` once it is here, or cannot be had
 */
export function stylesheet(href) {
  const link = el("link", { rel: "stylesheet", href });
  /** @type {Promise<void>} */
  const settled = new Promise((resolve) => {
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => resolve());
  });
  return { link, settled };
}
