import { InstrumentError } from "../errors.js";

/** What a checkpoint folder holds; everything else in a folder stays where it is. */
const KNOWN = /^(card\.json|(model|codes)\.safetensors|(de|en)coder\.onnx|(preview|thumbnails(-\d+)?)\.webp)$/;
const CARD = "card.json";
/** How far below the folder that is dropped a checkpoint may lie. */
const DEEPEST = 2;

/** @typedef {{path: string, file: File}} Found `path` with slashes, from the folder that was dropped */

/** @param {string} path */
const nameIn = (path) => path.slice(path.lastIndexOf("/") + 1);
/** @param {string} path */
const folderOf = (path) => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** @param {string} name */
const isKnown = (name) => KNOWN.test(name);

/**
 * The files below a folder that was dropped.
 *
 * @param {FileSystemDirectoryEntry} folder
 * @param {(name: string) => boolean} [wanted] by default, those of a checkpoint
 * @param {number} [deepest] how far below they may lie
 * @returns {Promise<Found[]>}
 */
export async function walk(folder, wanted = isKnown, deepest = DEEPEST, path = folder.name, depth = 0) {
  /** @type {Found[]} */
  const found = [];
  const reader = folder.createReader();
  // A reader gives a hundred at a time, and nothing at the end.
  for (let some = await list(reader); some.length; some = await list(reader)) {
    for (const entry of some) {
      if (entry.isFile && wanted(entry.name)) {
        const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
        found.push({ path: `${path}/${entry.name}`, file });
      } else if (entry.isDirectory && depth < deepest && !entry.name.startsWith(".")) {
        found.push(...(await walk(entry, wanted, deepest, `${path}/${entry.name}`, depth + 1)));
      }
    }
  }
  return found;
}

/** @param {FileSystemDirectoryReader} reader @returns {Promise<any[]>} */
const list = (reader) => new Promise((resolve, reject) => reader.readEntries(resolve, reject));

/** @param {FileList | File[]} files as a file chooser gives them @returns {Found[]} */
export function chosen(files) {
  return [...files]
    .filter((file) => KNOWN.test(file.name))
    .map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/**
 * The one checkpoint among files.
 *
 * @param {Found[]} found
 * @param {string} where what was dropped
 * @returns {{name: string, blob: Blob}[]} named as a zip of the folder names them
 */
export function pickCheckpoint(found, where) {
  const folders = found.filter(({ path }) => nameIn(path) === CARD).map(({ path }) => folderOf(path));
  if (folders.length === 0) {
    throw new InstrumentError(
      `${where} holds no ${CARD}: drop the whole folder of a checkpoint whose training has finished.`,
    );
  }
  if (folders.length > 1)
    throw new InstrumentError(`${where} holds ${folders.length} checkpoints: drop one at a time.`);
  const [folder] = folders;
  const outer = nameIn(folder);
  return found
    .filter(({ path }) => folderOf(path) === folder)
    .map(({ path, file }) => ({ name: `${outer ? `${outer}/` : ""}${nameIn(path)}`, blob: file }));
}
