import { addressOf } from "../shelf/held.js";

/** @type {Promise<any> | null} */
let katex = null;

/**
 * Sets TeX by KaTeX, which is fetched with the first formula; until then, and where it cannot be had, the TeX stands there.
 *
 * @param {HTMLElement} place
 * @param {string} tex
 * @param {string} assets absolute URL of the web folder, with trailing slash
 * @param {boolean} [displayed] with limits below and large operators
 */
export async function setTex(place, tex, assets, displayed = false) {
  try {
    katex ??= load(assets);
    const { default: setter } = await katex;
    dress(place, assets);
    setter.render(tex, place, { displayMode: displayed, throwOnError: false, strict: "ignore" });
  } catch (error) {
    console.error(error);
  }
}

/** @param {string} assets */
function load(assets) {
  // Fonts are known to a page by its own style sheets only, not by those of a shadow root.
  if (!document.head.querySelector("link[data-katex]")) document.head.append(sheet(assets));
  return import(addressOf("vendor/katex/katex.mjs", assets));
}

/** @param {HTMLElement} place @param {string} assets */
function dress(place, assets) {
  const root = place.getRootNode();
  if (root instanceof ShadowRoot && !root.querySelector("link[data-katex]")) root.append(sheet(assets));
}

/** @param {string} assets */
function sheet(assets) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = addressOf("vendor/katex/katex.min.css", assets);
  link.dataset.katex = "";
  return link;
}
