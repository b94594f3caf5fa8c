import { el } from "../dom.js";
import { svg } from "../svg.js";

/** @typedef {typeof import("../vendor/uqr.mjs").encode} Encode */

/** Light modules on each side, without which a camera does not find the code. */
const BORDER = 4;

/** @param {Encode} encode @param {string} link @returns {boolean[][]} its modules, line by line, true where they are dark */
export const modulesOf = (encode, link) => encode(link, { ecc: "M", border: BORDER }).data;

/**
 * The QR code of a link: black on white in every theme, for cameras. It appears once the encoder is fetched; where that
 * fails, or the link is too long for a code, a sentence takes its place.
 *
 * @param {string} link
 * @param {string} label for a screen reader
 * @returns {SVGSVGElement}
 */
export function createQrCode(link, label) {
  const element = svg("svg", { class: "qr-code", role: "img", "aria-label": label, "shape-rendering": "crispEdges" });
  import("../vendor/uqr.mjs")
    .then(({ encode }) => {
      const modules = modulesOf(encode, link);
      const dark = modules.flatMap((line, y) => line.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")));
      element.setAttribute("viewBox", `0 0 ${modules.length} ${modules.length}`);
      element.append(svg("rect", { width: "100%", height: "100%", fill: "#fff" }), svg("path", { d: dark.join("") }));
    })
    .catch(() =>
      element.replaceWith(
        el("span", { class: "hint", text: "The QR code could not be made: share the link instead." }),
      ),
    );
  return element;
}
