import { el } from "../dom.js";
import { speakForTheServer } from "../host/unreachable.js";
import { addressOf } from "../shelf/held.js";
import { asksForHelp, createHelp } from "./keyboard.js";

let isThere = false;

/**
 * What is the same on every page of Streamlit: its margins, the name of its menu, what it says when the server is gone, and the
 * list of keys, where nothing else on the page answers to `?`.
 *
 * @param {string} assets absolute URL of this folder, with trailing slash
 */
export function surround(assets) {
  if (isThere) return;
  isThere = true;
  speakForTheServer();
  // Some pages wear it from their first paint.
  if (!document.head.querySelector("link[href$='around.css']"))
    document.head.append(el("link", { rel: "stylesheet", href: addressOf("around.css", assets) }));
  /** @type {ReturnType<typeof createHelp> | null} */
  let help = null;
  window.addEventListener("keydown", (event) => {
    if (!asksForHelp(event)) return;
    help ??= createHelpOutside(assets);
    help.open();
  });
  document.documentElement.dataset.keys = "listening";
}

/** The list of keys with its style sheet, on a page that has neither. @param {string} assets */
function createHelpOutside(assets) {
  const help = createHelp("In the instrument");
  const holder = el("div");
  holder
    .attachShadow({ mode: "open" })
    .append(
      el("link", { rel: "stylesheet", href: addressOf("styles.css", assets) }),
      el("div", { class: "instrument" }, help.element),
    );
  document.body.append(holder);
  return help;
}
