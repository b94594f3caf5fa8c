import { named } from "../link.js";

/** The pages beside the instrument that a class goes to, by the ends of their addresses; `app.py` has them. */
const PAGES = ["lessons", "distributions", "train", "beta", "results", "card"];

const PAGE = "page";

/** @param {string} place @returns {string} the page that a class is on; empty for the instrument */
export function pageIn(place) {
  const name = named(place, PAGE) ?? "";
  return PAGES.includes(name) ? name : "";
}

/** @param {string} page @param {string} search of its address @returns {string} the place of a class that is there */
export const placeOn = (page, search) => [`${PAGE}=${page}`, search.replace(/^\?/, "")].filter(Boolean).join("&");

/** @param {string} place @returns {string} what the address of its page asks for */
export const searchIn = (place) => place.replace(/^page=\w*&?/, "");

/** @param {string} place @param {string} base an address beside which all pages lie @returns {string} */
export function addressOn(place, base) {
  const page = pageIn(place);
  const query = page ? searchIn(place) : place;
  return new URL(query ? `./${page}?${query}` : `./${page}`, base).href;
}
