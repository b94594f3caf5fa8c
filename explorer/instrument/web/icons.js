import { svg } from "./svg.js";

/** @typedef {keyof typeof PATHS} Picture */

/** Drawn on a 20 × 20 field with a 1.6 stroke. */
const PATHS = {
  chevron: "M5.5 8l4.5 4.5L14.5 8",
  sample: "M3 15.5c3 0 3.2-10 7-10s4 10 7 10M10 9v0M3 15.5h14M7.6 12.2v0M12.2 12.2v0",
  resample: "M16 6.5A7 7 0 1 0 17 10M16.4 3v3.8h-3.8M10 10v0",
  reset: "M10 2.5v4M10 13.5v4M2.5 10h4M13.5 10h4M10 10v0",
  undo: "M4 8.5h8a4 4 0 0 1 0 8H8M4 8.5l3.5-3.5M4 8.5l3.5 3.5",
  redo: "M16 8.5H8a4 4 0 0 0 0 8h4M16 8.5L12.5 5M16 8.5L12.5 12",
  play: "M6.5 4.5l9 5.5-9 5.5z",
  pause: "M7 4.5v11M13 4.5v11",
  lock: "M5.5 9.5h9v7h-9zM7 9.5V6.5a3 3 0 0 1 6 0v3",
  unlock: "M5.5 9.5h9v7h-9zM7 9.5V6a3 3 0 0 1 5.800-1",
  share:
    "M8.200 11.800a3 3 0 0 0 4.300 0l3.300-3.300a3 3 0 0 0-4.300-4.300l-1 1M11.800 8.200a3 3 0 0 0-4.300 0l-3.300 3.300a3 3 0 0 0 4.300 4.300l1-1",
  picture: "M3 4h14v12H3zM3 13.5l4-4 3.5 3.5 2.5-2.5 4 4M13 7.5v0",
  grid: "M3 3.5h14v13H3zM3 8h14M3 12.200h14M7.700 3.5v13M12.300 3.5v13",
  tour: "M5 17V3.500M5 4.500h10l-2.500 3.500L15 11.500H5",
  present: "M3 4h14v9H3zM10 13v4M6.5 17h7M8.5 6.5l4 2-4 2z",
  keyboard: "M2.5 5h15v10h-15zM6 8v0M10 8v0M14 8v0M6.5 12h7",
  whole: "M3 7.5V3h4.5M12.5 3H17v4.5M17 12.5V17h-4.5M7.5 17H3v-4.5",
  points: "M5 5h.5v.5H5zM11 3.500h.5v.5h-.5zM15 8h.5v.5h-.5zM8.500 9.500H9v.5h-.5zM13.500 14h.5v.5h-.5zM6 15h.5v.5H6z",
  plus: "M10 4v12M4 10h12",
  tune: "M3 6h6M13 6h4M3 14h3M10 14h7M11 4v4M8 12v4",
  close: "M5 5l10 10M15 5L5 15",
  pen: "M3.5 16.5l1-4 9-9 3 3-9 9zM11.5 5.5l3 3",
  eraser: "M7.5 16.5l-4-4 8.500-8.500 5 5-7.500 7.500zM7.500 8l5 5M7.500 16.500h9",
  upload: "M10 13V4M6.5 7.5L10 4l3.5 3.5M3.500 13v3.500h13V13",
  pin: "M7.5 3h5M8.2 3v5L6 12h8l-2.2-4V3M10 12v5",
  export: "M10 3v9.5M6.5 9L10 12.5 13.5 9M4 16.5h12",
  lasso:
    "M10 13.5c-4 0-7-2-7-5s3-5 7-5 7 2 7 5-3 5-7 5zM6.5 12.500c-1.500 1.500-.5 3 1 2.500s1.500-2.500-.5-3M7.500 15c0 1.500-1 2-2 2.500",
  copy: "M7.5 7.5h9v9h-9zM4 12.5V4h8.5",
};

/** @param {keyof typeof PATHS} name @returns {SVGElement} */
export function icon(name) {
  const attributes = { viewBox: "0 0 20 20", class: "icon", "aria-hidden": "true" };
  return svg("svg", attributes, svg("path", { d: PATHS[name] }));
}
