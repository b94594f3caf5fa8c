import { spell } from "../dom.js";
import { InstrumentError } from "../errors.js";

/** Of a name, the files that are read as images; every other one stays where it is. */
const IMAGE = /\.(png|jpe?g|webp)$/i;
const DEEPEST = 8;
const MOST_NAMED = 5;

/** @typedef {import("./folder.js").Found} Found */

/** @param {string} path @returns {boolean} as operating systems add them beside what a person put there */
const isHidden = (path) => path.split("/").some((part) => part.startsWith(".") || part === "__MACOSX");

/** @param {string} name @returns {boolean} whether a walk through a folder stops for it */
export const isSeen = (name) => !name.startsWith(".");
export { DEEPEST };

/**
 * The images among files, as a zip of them names them.
 *
 * @param {Found[]} found
 * @param {string} where what was dropped
 * @param {{most_bytes: number, most_images: number}} bounds
 * @returns {{files: {name: string, blob: Blob}[], others: string[]}} `others`: names of files that are not images
 */
export function pickImages(found, where, { most_bytes: bytes, most_images: most }) {
  const shown = found.filter(({ path }) => !isHidden(path));
  const images = shown.filter(({ path }) => IMAGE.test(path));
  const others = shown.filter(({ path }) => !IMAGE.test(path)).map(({ path }) => path);
  if (!images.length) throw new InstrumentError(`${where} holds no PNG, JPEG or WebP files.`);
  if (images.length > most) {
    throw new InstrumentError(
      `${where} holds ${spell(images.length, 0)} images, and the limit is ${spell(most, 0)}: drop ` +
        "fewer, or train with `python -m training train own`.",
    );
  }
  const size = images.reduce((sum, { file }) => sum + file.size, 0);
  fit(size, where, bytes);
  return { files: images.map(({ path, file }) => ({ name: path, blob: file })), others };
}

/** @param {number} size @param {string} where what was dropped @param {number} most bytes */
export function fit(size, where, most) {
  if (size <= most) return;
  throw new InstrumentError(
    `${where} is ${Math.ceil(size / 1e6)} MB, and the limit is ${most / 1e6} MB: drop fewer or smaller images, or train ` +
      "with `python -m training train own`.",
  );
}

/** @param {string[]} names @param {number} [more] that are not in the list @returns {string} a few of them, and how many more */
export function namesOf(names, more = 0) {
  const left = names.length + more - MOST_NAMED;
  const named = names.slice(0, MOST_NAMED).join(", ");
  return left > 0 ? `${named} and ${spell(left, 0)} more` : named;
}
