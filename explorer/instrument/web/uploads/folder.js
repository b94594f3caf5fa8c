import { InstrumentError } from "../errors.js";

const CARD = "card.json";
/** How the files of a checkpoint end. Which of them are sent, its card says. */
const KNOWN = /^card\.json$|\.(onnx|safetensors|webp)$/;
/** How far below the folder that is dropped a checkpoint may lie. */
const DEEPEST = 2;

/** @typedef {{path: string, file: File}} Found `path` with slashes, from the folder that was dropped */

/** @param {string} path */
const nameIn = (path) => path.slice(path.lastIndexOf("/") + 1);
/** @param {string} path */
const folderOf = (path) => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** @param {string} name */
const isKnown = (name) => KNOWN.test(name);

/** @param {Blob} card @returns {Promise<string[]>} the files that it lists; none where it is not one, as the server will say */
const listedIn = (card) =>
  card
    .text()
    .then((text) => Object.keys(JSON.parse(text).files))
    .catch(() => []);

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
    .filter((file) => isKnown(file.name))
    .map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/**
 * The one checkpoint among files.
 *
 * @param {Found[]} found
 * @param {string} where what was dropped
 * @returns {Promise<{name: string, blob: Blob}[]>} named as a zip of the folder names them
 */
export async function pickCheckpoint(found, where) {
  const cards = found.filter(({ path }) => nameIn(path) === CARD);
  if (cards.length === 0) {
    throw new InstrumentError(
      `${where} holds no ${CARD}: drop the whole folder of a checkpoint whose training has finished.`,
    );
  }
  if (cards.length > 1) throw new InstrumentError(`${where} holds ${cards.length} checkpoints: drop one at a time.`);
  const folder = folderOf(cards[0].path);
  const wanted = [CARD, ...(await listedIn(cards[0].file))];
  const outer = nameIn(folder);
  return found
    .filter(({ path }) => folderOf(path) === folder && wanted.includes(nameIn(path)))
    .map(({ path, file }) => ({ name: `${outer ? `${outer}/` : ""}${nameIn(path)}`, blob: file }));
}
