import { spell } from "../dom.js";
import { InstrumentError } from "../errors.js";
import { present } from "../present.js";
import { fetchFile } from "./held.js";

/** Of a graph, in bytes: a page holds it twice, and as much again of what is made of its weights. */
const LARGEST_GRAPH = 200e6;

/**
 * A folder that the explorer serves: a checkpoint, or a model that a table of results keeps.
 *
 * @typedef {object} Folder
 * @property {string} id its name in sentences
 * @property {string} [url] with trailing slash
 * @property {string} [path] of a checkpoint on the server, for the command that makes a file again
 * @property {string} [again] what to do where a file is not what it should be, if it is not a checkpoint's
 *
 * @typedef {Readonly<Record<string, {bytes: number}>>} Files what a card or a table says of the files of a folder
 */

/**
 * @param {string | URL} url
 * @param {string} name of what is fetched
 * @param {AbortSignal} signal
 * @returns {Promise<Response>} of any status
 */
export async function ask(url, name, signal) {
  try {
    return await fetchFile(url, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new InstrumentError(
      `${name} could not be fetched: check that the explorer is still running, then reload the page.`,
      error,
    );
  }
}

/**
 * Fetches one file of a folder, or says in a sentence why not.
 *
 * @param {Folder} folder
 * @param {string} file
 * @param {AbortSignal} signal
 * @returns {Promise<Response>}
 */
export async function get(folder, file, signal) {
  const url = new URL(file, new URL(present(folder.url), document.baseURI));
  const answer = await ask(url, `${folder.id}/${file}`, signal);
  if (!answer.ok) throw new InstrumentError(`${folder.id}/${file} is missing: ${remade(folder, file)}`);
  return answer;
}

/** @param {Folder} folder @param {string} file */
function remade({ path = "FOLDER", again }, file) {
  if (again !== undefined) return again;
  if (file === "card.json") return "copy the checkpoint folder again.";
  const command = file.endsWith(".onnx") ? "export" : "embed";
  return `restore the file or make it again with \`python -m training ${command} ${path}\`.`;
}

/**
 * Fetches the bytes of one file of a folder, which are as many as its card or its table says, or says in a sentence why
 * not.
 *
 * @param {Folder} folder
 * @param {string} file
 * @param {AbortSignal} signal
 * @param {Files | null} [files] nothing where the card and this file are fetched together: then see `checkSize`
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function getBytes(folder, file, signal, files = null) {
  const answer = await get(folder, file, signal);
  const size = files?.[file]?.bytes ?? Number(answer.headers.get("content-length"));
  if (file.endsWith(".onnx") && size > LARGEST_GRAPH) {
    void answer.body?.cancel();
    throw new InstrumentError(
      `${folder.id}/${file} is ${spell(Math.round(size / 1e6), 0)} MB, and a page opens models of up to ` +
        `${LARGEST_GRAPH / 1e6} MB: decode in a notebook instead, by the lines of Python that ` +
        `\`python -m training publish ${folder.path ?? "FOLDER"}\` writes.`,
    );
  }
  const bytes = new Uint8Array(await answer.arrayBuffer());
  checkSize(folder, file, bytes.length, files);
  return bytes;
}

/**
 * Refuses a file of another size than its card or its table says.
 *
 * @param {Folder} folder
 * @param {string} file
 * @param {number} found in bytes
 * @param {Files | null} files
 */
export function checkSize({ id, again }, file, found, files) {
  const said = files?.[file]?.bytes;
  if (said === undefined || said === found) return;
  const source = again === undefined ? "card" : "table";
  const then = again ?? "copy the whole folder again, or export the checkpoint again.";
  throw new InstrumentError(`${id}/${file} has ${found} bytes where its ${source} says ${said}: ${then}`);
}
