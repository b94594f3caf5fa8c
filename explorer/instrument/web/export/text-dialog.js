import { el } from "../dom.js";
import { icon } from "../icons.js";
import { saveBlob } from "./save-blob.js";

/** A text to copy, or where it makes a file of its own, to save. */
export function createTextDialog() {
  const title = el("h2");
  const note = el("p", { class: "hint" });
  const code = el("pre", { class: "export-text", tabindex: 0 });
  const said = el("span", { class: "hint", role: "status" });
  const copy = el(
    "button",
    { class: "action", type: "button", on: { click: toClipboard } },
    icon("copy"),
    el("span", { text: "Copy" }),
  );
  const download = el(
    "button",
    { class: "action", type: "button", on: { click: toFile } },
    icon("export"),
    el("span", { text: "Save file" }),
  );
  const dialog = el(
    "dialog",
    { class: "help export-dialog" },
    title,
    note,
    code,
    el("div", { class: "export-actions" }, copy, download, said),
    el(
      "button",
      { class: "quiet", type: "button", "aria-label": "Close", on: { click: () => dialog.close() } },
      icon("close"),
    ),
  );
  let name = "";

  async function toClipboard() {
    try {
      await navigator.clipboard.writeText(code.textContent);
      said.textContent = "Copied.";
    } catch {
      code.ownerDocument.getSelection()?.selectAllChildren(code);
      said.textContent = "Selected: press Ctrl C to copy it.";
    }
  }

  function toFile() {
    saveBlob(new Blob([code.textContent], { type: "application/json" }), name);
    said.textContent = `Saved ${name}.`;
  }

  return {
    element: dialog,
    /** @param {{title: string, note: string, text: string, file?: string}} what `file`: its name, where it may be saved */
    open(what) {
      dialog.setAttribute("aria-label", what.title);
      title.textContent = what.title;
      note.textContent = what.note;
      code.textContent = what.text;
      code.setAttribute("aria-label", what.title);
      said.textContent = "";
      name = what.file ?? "";
      download.hidden = !what.file;
      dialog.showModal();
      copy.focus();
    },
  };
}
