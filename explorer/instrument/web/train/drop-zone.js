import { el, spell } from "../dom.js";
import { walk } from "../uploads/folder.js";
import { DEEPEST, isSeen } from "../uploads/images.js";

const QUIET = "lesson-main is-quiet";

/**
 * Where images are dropped, anywhere on the page, or chosen: a folder, a zip, or images.
 *
 * @param {{bounds: import("./api.js").Own, gone: AbortSignal,
 *   onTake(name: string, read: () => Promise<File | import("../uploads/folder.js").Found[]>): void}} options
 */
export function createDropZone({ bounds, gone, onTake }) {
  const folder = chooser({ webkitdirectory: true, "aria-label": "A folder of images" });
  const files = chooser({
    multiple: true,
    accept: ".zip,.png,.jpg,.jpeg,.webp,application/zip",
    "aria-label": "A zip of images, or images",
  });
  const element = el(
    "div",
    { class: "own-zone" },
    el("p", {}, el("strong", { text: "Drop a folder or a zip of images here" })),
    el(
      "p",
      {},
      el("button", { type: "button", class: QUIET, text: "Choose a folder", on: { click: () => folder.click() } }),
      el("button", {
        type: "button",
        class: QUIET,
        text: "Choose a zip, or images",
        on: { click: () => files.click() },
      }),
      folder,
      files,
    ),
    el("p", {
      class: "train-missing",
      text:
        `PNG, JPEG or WebP of any size, from 50 to ${spell(bounds.most_images, 0)} images and up to ` +
        `${bounds.most_bytes / 1e6} MB. Images in folders get the folder's name as their class. They are sent to the machine ` +
        "that runs this explorer, and are removed a day after their last use. Neither they nor what is trained on them is in any " +
        "list: only people with the link to a run can see it.",
    }),
  );
  /** @param {Record<string, any>} attributes */
  function chooser(attributes) {
    const input = el("input", {
      type: "file",
      hidden: true,
      ...attributes,
      on: {
        change() {
          const found = [...(input.files ?? [])];
          input.value = "";
          if (found.length) takeFiles(found);
        },
      },
    });
    return input;
  }

  /** @param {DragEvent} event */
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const listening = { signal: gone };
  window.addEventListener(
    "dragover",
    (event) => {
      if (!hasFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      element.classList.add("is-over");
    },
    listening,
  );
  window.addEventListener(
    "dragleave",
    ({ relatedTarget }) => relatedTarget || element.classList.remove("is-over"),
    listening,
  );
  window.addEventListener("drop", dropped, listening);

  /** @param {DragEvent} event */
  function dropped(event) {
    element.classList.remove("is-over");
    if (!hasFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    // What was dropped is gone with the event: all of it is asked for now.
    const entries = [...event.dataTransfer.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
    const dropped = [...event.dataTransfer.files];
    const folders = /** @type {FileSystemDirectoryEntry[]} */ (entries.filter((entry) => entry.isDirectory));
    if (!folders.length) return takeFiles(dropped);
    const name = folders.length === 1 ? folders[0].name : "Images";
    onTake(name, async () => (await Promise.all(folders.map((one) => walk(one, isSeen, DEEPEST)))).flat());
  }

  /** @param {File[]} found */
  function takeFiles(found) {
    const [first] = found;
    if (found.length === 1 && (/\.zip$/i.test(first.name) || /zip/.test(first.type)))
      return onTake(first.name.replace(/\.zip$/i, ""), async () => first);
    const name = first.webkitRelativePath.split("/")[0] || "Images";
    return onTake(name, async () => found.map((file) => ({ path: file.webkitRelativePath || file.name, file })));
  }

  return element;
}
