import { el } from "../dom.js";

const WORDS = [
  "The explorer's server cannot be reached. This page connects again by itself as soon as the server answers.",
  "Until then you can close this message: the instrument goes on, because its model runs in your browser. If you started " +
    "the explorer yourself, start it again in the same way.",
];

let isSpeaking = false;

/**
 * Puts Streamlit's message about a server that does not answer into words for a visitor, whom it would tell to start
 * a script of their own.
 */
export function speakForTheServer() {
  if (isSpeaking) return;
  isSpeaking = true;
  // A dialog of Streamlit's is a child of the body; this observer does not look inside the page.
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) for (const node of addedNodes) if (node instanceof Element) reword(node);
  }).observe(document.body, { childList: true });
}

/** @param {Element} dialog */
function reword(dialog) {
  const heading = dialog.matches("[data-testid=stDialog]") ? dialog.querySelector("h2") : null;
  const said = heading?.nextElementSibling;
  if (heading?.textContent !== "Connection error" || !(said instanceof HTMLElement)) return;
  // Hidden rather than taken away: it stays Streamlit's to change.
  said.style.display = "none";
  said.after(el("div", { class: said.className }, ...WORDS.map((sentence) => el("p", {}, sentence))));
}

/**
 * Streamlit draws nothing when its server is there again. If that is another one, it has no image of the page, and perhaps
 * not the model.
 *
 * @param {() => void} listener called each time
 * @returns {() => void} stops that
 */
export function onReconnected(listener) {
  const app = document.querySelector("[data-test-connection-state]");
  if (!app) return () => {};
  const isConnected = () => app.getAttribute("data-test-connection-state") === "CONNECTED";
  let before = isConnected();
  const observer = new MutationObserver(() => {
    const now = isConnected();
    if (now && !before) listener();
    before = now;
  });
  observer.observe(app, { attributeFilter: ["data-test-connection-state"] });
  return () => observer.disconnect();
}
