// The pages without Streamlit, as the browser tests open them: all that says where they are is the address.

import { createQrCode } from "../classroom/qr-code.js";
import { isClinic, mount as mountClinic } from "../clinic/clinic.js";
import { mount as mountDistributions } from "../distributions/page.js";
import { el } from "../dom.js";
import { mount } from "../instrument.js";
import { mount as mountLadder } from "../ladder/ladder.js";
import { linkedTable } from "../ladder/link.js";
import { mount as mountLessons } from "../lesson/page.js";
import { fetchFile, isHeld } from "../shelf/held.js";
import { mount as mountTraining } from "../train/page.js";

/** @typedef {{read(): string, write(query: string): void}} Link */

/** @type {Link} */
const link = {
  read: () => location.search,
  write: (query) => history.replaceState(history.state, "", `?${query}`),
};

/** Browsers let a page from disk change no more of its address. @type {Link} */
const hashLink = {
  read: () => location.hash.replace(/^#/, "?"),
  write: (query) => history.replaceState(history.state, "", `#${query}`),
};

/** What follows # of a page that holds its files, for the list of its lessons. */
const LESSONS = "lessons";

/**
 * @param {HTMLElement} root
 * @param {string} assets absolute URL of this folder, with trailing slash
 * @param {{hasServer?: boolean, clinic?: string | null, lessons?: boolean}} [options] `hasServer`: something takes checkpoints
 *   that are dropped, and trains; `clinic`: where the collapse clinic is where nothing does; `lessons`: this page holds some
 */
export async function showInstrument(root, assets, { hasServer = true, clinic = null, lessons = false } = {}) {
  if (isHeld()) {
    // What writes the link fires no event; following a link, or typing one, does.
    window.addEventListener("hashchange", () => location.reload());
    if (isClinic(hashLink.read())) return mountClinic(root, { assets, link: hashLink });
    if (hashLink.read() === `?${LESSONS}`) return void mountLessons(root, { assets, instrument: "" });
  }
  try {
    const answer = await fetchFile(new URL("../catalogue.json", assets));
    mount(root, {
      catalogue: await answer.json(),
      assets,
      link: isHeld() ? hashLink : link,
      hasServer,
      clinic: hasServer ? new URL("train/index.html", assets).href : clinic,
      toLessons: lessons ? () => location.assign(`#${LESSONS}`) : null,
      onRelease: (state) => root.dispatchEvent(new CustomEvent("release", { detail: state })),
    });
  } catch (error) {
    console.error(error);
    root.textContent =
      "The list of models could not be fetched: check that the explorer is running, then reload the page.";
  }
}

/**
 * @param {HTMLElement} root
 * @param {string} assets
 * @param {{table?: string | null}} [options] `table`: the one that is shown where the address names none
 */
export function showLadder(root, assets, { table = null } = {}) {
  const name = linkedTable(location.search) ?? table;
  mountLadder(root, { tables: name === null ? [] : [{ name }], assets, link });
}

/** @param {HTMLElement} root @param {string} assets */
export function showLessons(root, assets) {
  mountLessons(root, { assets, instrument: new URL("index.html", assets).href });
}

/** A QR code after each link, of the address at which it is. @param {Iterable<HTMLAnchorElement>} links */
export function showCodes(links) {
  for (const link of links) link.after(el("br"), createQrCode(link.href, `QR code: ${link.textContent}`));
}

/** @param {HTMLElement} root @param {string} assets */
export function showDistributions(root, assets) {
  mountDistributions(root, { assets });
}

/** @param {HTMLElement} root @param {string} assets */
export function showClinic(root, assets) {
  mountClinic(root, { assets, link });
}

/** @param {HTMLElement} root @param {string} assets */
export function showTraining(root, assets) {
  mountTraining(root, { assets, instrument: new URL("index.html", assets).href, link });
}
