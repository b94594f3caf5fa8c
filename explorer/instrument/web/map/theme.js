import { offscreen2d } from "../dom.js";

/** @param {HTMLElement} surface @returns the theme's colours, and whether it is a dark one */
export function readTheme(surface) {
  const style = getComputedStyle(surface);
  const context = offscreen2d(1, 1, { willReadFrequently: true });
  context.fillStyle = style.color;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return {
    ink: style.color,
    paper: style.backgroundColor,
    accent: style.borderTopColor,
    inkBytes: /** @type {import("./colours.js").Rgb} */ ([red, green, blue]),
    dark: green > 128,
  };
}
