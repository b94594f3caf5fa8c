import { el } from "../dom.js";

/** @param {HTMLElement} title @param {HTMLElement} value */
export const row = (title, value) => el("div", {}, el("dt", {}, title), value);
