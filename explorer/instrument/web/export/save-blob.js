import { el } from "../dom.js";

/** @param {Blob} blob @param {string} name of the file that a person gets */
export function saveBlob(blob, name) {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  // The download has taken its copy by then; Firefox needs a moment.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
