import { el, isolated } from "../dom.js";
import { InstrumentError, sentenceFor } from "../errors.js";
import { LARGEST_ZIP } from "../limits.js";
import { chosen, pickCheckpoint, walk } from "./folder.js";
import { sendZip } from "./send.js";

const LONGEST_NAME = 60;
/** Not every system has a type for each of them. */
const IMAGE = /\.(avif|bmp|gif|heic|heif|jpe?g|jxl|png|svg|tiff?|webp)$/i;

/** @typedef {import("../checkpoint/checkpoint.js").Entry} Entry */

/**
 * Takes a checkpoint of a person's own, dropped anywhere on the page or chosen: a zip, or a folder, which becomes one.
 * Images are left to others.
 *
 * @param {{url: string, messages: ReturnType<typeof import("../page/messages.js").createMessages>,
 *   onEntry(entry: Entry): void}} options `url` is where zips are sent
 */
export function createDrop({ url, messages, onEntry }) {
  const gone = new AbortController();
  /** @type {AbortController | null} */
  let sending = null;
  let busy = false;

  const hint = el(
    "div",
    { class: "drop-hint", popover: "manual" },
    el("strong", { text: "Drop the checkpoint here" }),
    el("span", { text: "A checkpoint folder, or a zip of one. Only you will see it." }),
  );
  const zip = chooser({ accept: ".zip,application/zip" }, (files) => takeFile(files[0]));
  const folder = chooser({ webkitdirectory: true }, (files) => take(folderName(files), async () => chosen(files)));
  const element = el("div", { class: "drop" }, hint, zip, folder);

  /** @param {Record<string, any>} attributes @param {(files: FileList) => void} onChange */
  function chooser(attributes, onChange) {
    const input = el("input", {
      type: "file",
      hidden: true,
      "aria-label": "A checkpoint",
      ...attributes,
      on: {
        change() {
          if (input.files?.length) onChange(input.files);
        },
      },
    });
    return input;
  }

  /** @param {DragEvent} event @returns {boolean} whether files are dragged */
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

  /** @param {DragEvent} event @returns {boolean} whether what is dragged may be a checkpoint; a folder has no type */
  const isOurs = (event) =>
    hasFiles(event) &&
    [...(event.dataTransfer?.items ?? [])].some(({ kind, type }) => kind === "file" && !type.startsWith("image/")) &&
    !isUntypedImage(event);

  /** The browser gives names only once it is dropped. @param {DragEvent} event */
  function isUntypedImage({ dataTransfer }) {
    const [file, ...others] = dataTransfer?.files ?? [];
    return file !== undefined && others.length === 0 && file.type === "" && IMAGE.test(file.name);
  }

  /** @param {boolean} shown */
  function show(shown) {
    if (!hint.isConnected || hint.matches(":popover-open") === shown) return;
    if (shown) hint.showPopover();
    else hint.hidePopover();
  }

  /** Before other listeners: a zip over the place for images is still not an image. @param {DragEvent} event */
  function over(event) {
    if (!isOurs(event) || !event.dataTransfer) return;
    event.preventDefault();
    event.stopPropagation();
    event.dataTransfer.dropEffect = "copy";
    show(true);
  }

  /** @param {DragEvent} event */
  function dropped(event) {
    show(false);
    if (!isOurs(event) || !event.dataTransfer) return;
    event.preventDefault();
    event.stopPropagation();
    const entries = [...event.dataTransfer.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
    const files = [...event.dataTransfer.files];
    const folders = /** @type {FileSystemDirectoryEntry[]} */ (entries.filter((entry) => entry.isDirectory));
    if (folders.length) take(folders[0].name, async () => (await Promise.all(folders.map((one) => walk(one)))).flat());
    else if (files.length === 1) takeFile(files[0]);
    else take("What was dropped", async () => chosen(files));
  }

  /** After all others: a browser would leave the page to show an image that nobody takes. @param {DragEvent} event */
  function unclaimed(event) {
    if (event.defaultPrevented || !event.dataTransfer || !hasFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
    // It was welcomed like a folder.
    if (isUntypedImage(event)) takeFile(event.dataTransfer.files[0]);
  }

  const early = { capture: true, signal: gone.signal };
  window.addEventListener("dragover", over, early);
  window.addEventListener("drop", dropped, early);
  window.addEventListener("dragleave", ({ relatedTarget }) => relatedTarget || show(false), early);
  window.addEventListener("dragover", unclaimed, { signal: gone.signal });
  window.addEventListener("drop", unclaimed, { signal: gone.signal });

  /** @param {FileList} files */
  const folderName = (files) => files[0].webkitRelativePath.split("/")[0] || "This folder";

  /** @param {File} file */
  function takeFile(file) {
    const isZip = /\.zip$/i.test(file.name) || /zip/.test(file.type);
    if (isZip) return take(file.name, async () => file);
    const name = isolated(file.name.slice(0, LONGEST_NAME));
    messages.warn(`${name} is neither a zip nor a folder: drop a checkpoint's folder, or a zip of it.`);
  }

  /** @param {string} where what was dropped @param {() => Promise<File | import("./folder.js").Found[]>} read */
  async function take(where, read) {
    if (busy) return messages.tell("Another checkpoint is being sent: drop this one once it has opened.");
    busy = true;
    const name = isolated(where.slice(0, LONGEST_NAME));
    try {
      const found = await read();
      const body = found instanceof File ? found : await pack(fit(await pickCheckpoint(found, name), name));
      fit([{ blob: body }], name);
      const entry = await send(body, name);
      if (!gone.signal.aborted) onEntry(entry);
    } catch (error) {
      if (gone.signal.aborted) return;
      messages.warn(sentenceFor(error, `${name} could not be read: check that it is still there, then drop it again.`));
    } finally {
      busy = false;
      zip.value = folder.value = "";
    }
  }

  /** @param {{name: string, blob: Blob}[]} files @returns {Promise<Blob>} */
  const pack = async (files) => (await import("./zip.js")).packZip(files);

  /** @template {{blob: Blob}} T @param {T[]} files @param {string} name @returns {T[]} them, if they are not too large */
  function fit(files, name) {
    const size = files.reduce((sum, { blob }) => sum + blob.size, 0);
    if (size <= LARGEST_ZIP) return files;
    throw new InstrumentError(
      `${name} is ${Math.ceil(size / 1e6)} MB, and the limit is ${LARGEST_ZIP / 1e6} MB: put it into the folder ` +
        "“runs” where the explorer was started instead.",
    );
  }

  /** @param {Blob} body @param {string} name @returns {Promise<Entry>} */
  async function send(body, name) {
    sending = new AbortController();
    return sendZip(body, {
      url,
      header: "X-Checkpoint",
      name,
      signal: sending.signal,
      onProgress: (part) =>
        messages.tell(part < 1 ? `Sending ${name}: ${Math.floor(100 * part)} %` : `Checking ${name} …`),
    });
  }

  return {
    element,
    chooseZip: () => zip.click(),
    chooseFolder: () => folder.click(),
    destroy() {
      gone.abort();
      sending?.abort();
      show(false);
    },
  };
}
