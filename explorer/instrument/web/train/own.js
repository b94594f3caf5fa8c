import { el, isolated, withCode } from "../dom.js";
import { sentenceFor } from "../errors.js";
import { walk } from "../own/folder.js";
import { DEEPEST, fit as fitting, isSeen, namesOf, pickImages } from "../own/images.js";
import { sendZip } from "../own/send.js";
import { packZip } from "../own/zip.js";
import { remembered } from "../remembered.js";

const QUIET = "lesson-main is-quiet";
const LOOK_MS = 600;
const LONGEST_NAME = 60;
const FITS = [
  ["crop", "cut out the centre"],
  ["pad", "keep the whole image"],
];

/** @param {number} count @param {string} one @returns {string} */
const counted = (count, one) => `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;

/**
 * What was found in a person's images, a sentence each.
 *
 * @param {import("./api.js").Facts} facts
 * @returns {string[]}
 */
export function findings(facts) {
  const { labels, smallest, largest, side, broken } = facts;
  const kind = facts.binary ? "black and white" : facts.channels === 3 ? "in colour" : "in grey";
  const sizes = [...new Set([smallest, largest].map((size) => size.join("×")))].join(" to ");
  const classes = labels.map(([name, count]) => `${name} ${count.toLocaleString("en")}`);
  const said = [
    `${counted(facts.images, "image")} of ${sizes} pixels, seen as ${side}×${side} ${kind}: ${facts.train.toLocaleString("en")} to ` +
      `learn from, ${facts.validation.toLocaleString("en")} to follow, ${facts.test.toLocaleString("en")} to test on.`,
  ];
  if (labels.length) said.push(`${labels.length} classes, by folder: ${namesOf(classes)}.`);
  if (facts.transparent) said.push(`${facts.transparent.toLocaleString("en")} with transparency, put on white.`);
  if (facts.duplicates) said.push(`${counted(facts.duplicates, "duplicate")}, in the same part as the original.`);
  for (const [name, reason] of Object.entries(broken)) said.push(`Skipped: ${isolated(name)} ${reason}.`);
  if (facts.more_broken) said.push(`Skipped: ${facts.more_broken.toLocaleString("en")} more files.`);
  if (facts.others.length)
    said.push(`Left out, as they are not PNG, JPEG or WebP: ${namesOf(facts.others, facts.more_others)}.`);
  return said;
}

/**
 * A person's own images: dropped anywhere on the page or chosen, sent, and shown as a model will see them.
 *
 * @param {{api: ReturnType<typeof import("./api.js").createApi>, bounds: import("./api.js").Own, onDropped(): void,
 *   onChange(): void}} options `onDropped`: when something arrives by hand
 */
export function createOwn({ api, bounds, onDropped, onChange }) {
  const store = remembered("images");
  const gone = new AbortController();
  let id = "";
  let side = 64;
  /** @type {"crop" | "pad"} */
  let fit = "crop";
  /** @type {import("./api.js").Facts | null} */
  let facts = null;
  /** Of a folder that was packed here, what was not sent. @type {string[]} */
  let others = [];
  let busy = false;
  let timing = false;
  let turn = 0;

  const status = el("p", { class: "own-status", role: "status" });
  const refusal = el("p", { class: "train-refusal", role: "alert" });
  const seen = el("div", { class: "own-seen" });
  const folder = chooser({ webkitdirectory: true, "aria-label": "A folder of images" });
  const files = chooser({
    multiple: true,
    accept: ".zip,.png,.jpg,.jpeg,.webp,application/zip",
    "aria-label": "A zip of images, or images",
  });
  const zone = el(
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
        `PNG, JPEG or WebP of any size, from 50 to ${bounds.most_images.toLocaleString("en")} images and up to ` +
        `${bounds.most_bytes / 1e6} MB. Images in folders get the folder's name as their class. They are sent to the machine ` +
        "that runs this explorer, and are removed a day after their last use. They and what is trained on them are in no list: " +
        "only people with the link of a run can see it.",
    }),
  );
  const sizes = select(
    "Size",
    bounds.sides.map((pixels) => [String(pixels), `${pixels}×${pixels} pixels`]),
    (value) => {
      side = Number(value);
      void look();
    },
  );
  sizes.select.value = String(side);
  const fits = select("Edges", FITS, (value) => {
    fit = /** @type {"crop" | "pad"} */ (value);
    void look();
  });
  const remove = el("button", {
    type: "button",
    class: QUIET,
    text: "Remove these images from the server",
    on: { click: forget },
  });
  const choices = el("div", { class: "own-choices", hidden: true }, sizes.element, fits.element, remove);
  const element = el("div", { class: "own-images" }, zone, status, refusal, choices);

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

  /** @param {string} label @param {string[][]} options @param {(value: string) => void} choose */
  function select(label, options, choose) {
    const select = el(
      "select",
      { on: { change: () => choose(select.value) } },
      ...options.map(([value, text]) => el("option", { value, text })),
    );
    return { select, element: el("label", { class: "train-choice" }, el("span", { text: label }), select) };
  }

  /** @param {DragEvent} event */
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const listening = { signal: gone.signal };
  window.addEventListener(
    "dragover",
    (event) => {
      if (!hasFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      zone.classList.add("is-over");
    },
    listening,
  );
  window.addEventListener(
    "dragleave",
    ({ relatedTarget }) => relatedTarget || zone.classList.remove("is-over"),
    listening,
  );
  window.addEventListener("drop", dropped, listening);

  /** @param {DragEvent} event */
  function dropped(event) {
    zone.classList.remove("is-over");
    if (!hasFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    // What was dropped is gone with the event: all of it is asked for now.
    const entries = [...event.dataTransfer.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
    const dropped = [...event.dataTransfer.files];
    const folders = /** @type {FileSystemDirectoryEntry[]} */ (entries.filter((entry) => entry.isDirectory));
    if (!folders.length) return takeFiles(dropped);
    const name = folders.length === 1 ? folders[0].name : "Images";
    take(name, async () => (await Promise.all(folders.map((one) => walk(one, isSeen, DEEPEST)))).flat());
  }

  /** @param {File[]} found */
  function takeFiles(found) {
    const [first] = found;
    if (found.length === 1 && (/\.zip$/i.test(first.name) || /zip/.test(first.type)))
      return take(first.name.replace(/\.zip$/i, ""), async () => first);
    const name = first.webkitRelativePath.split("/")[0] || "Images";
    return take(name, async () => found.map((file) => ({ path: file.webkitRelativePath || file.name, file })));
  }

  /** @param {string} where @param {() => Promise<File | import("../own/folder.js").Found[]>} read */
  async function take(where, read) {
    onDropped();
    if (busy) return say("", "Other images are being sent: drop these once they have arrived.");
    busy = true;
    const title = where.slice(0, LONGEST_NAME);
    const name = isolated(title);
    say(`Reading ${name} …`);
    try {
      const found = await read();
      const picked = found instanceof File ? null : pickImages(found, name, bounds);
      const body = found instanceof File ? found : await packZip(picked?.files ?? []);
      fitting(body.size, name, bounds.most_bytes);
      const url = `${api.images}?${new URLSearchParams({ name: title })}`;
      const made = await sendZip(body, {
        url,
        header: "X-Training",
        name,
        signal: gone.signal,
        onProgress: (part) => say(part < 1 ? `Sending ${name}: ${Math.floor(100 * part)} %` : `Checking ${name} …`),
      });
      if (gone.signal.aborted) return;
      others = picked?.others ?? [];
      id = made.id;
      store.set(JSON.stringify({ id, others }));
      busy = false;
      await look();
    } catch (error) {
      if (!gone.signal.aborted) say("", sentenceFor(error, `${name} could not be read: check that it is still there.`));
    } finally {
      busy = false;
    }
  }

  /** Has the images looked at, at the size that is chosen, and shows what was seen. */
  async function look() {
    const mine = ++turn;
    facts = null;
    seen.replaceChildren();
    choices.hidden = false;
    onChange();
    while (!gone.signal.aborted && mine === turn) {
      try {
        const now = await api.see(id, side, fit);
        if (gone.signal.aborted || mine !== turn) return;
        if (now.state === "refused") {
          choose("");
          return say("", now.sentence);
        }
        if (now.facts) {
          const found = { ...now.facts, others: [...now.facts.others, ...others] };
          if (!facts) show(now.title, found);
          facts = found;
          timing = now.timing === true;
          onChange();
          if (!timing) return;
        } else say(`Looking at ${isolated(now.title)}${now.done ? `: ${counted(now.done, "image")} seen` : ""} …`);
      } catch (error) {
        console.error(error);
        choose("");
        return say("", sentenceFor(error, "The images could not be looked at: drop them again."));
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** @param {string} title @param {import("./api.js").Facts} found */
  function show(title, found) {
    say("");
    const { columns, shown, side: pixels } = found;
    const picture = el("img", {
      class: "own-sheet",
      src: api.sheet(id, side, fit),
      alt: `${shown} of the images, each ${pixels}×${pixels} pixels`,
      width: columns * pixels,
      height: Math.ceil(shown / columns) * pixels,
    });
    seen.replaceChildren(
      el("h2", { text: `What the model will see of ${isolated(title)}` }),
      picture,
      ...findings(found).map((sentence) => el("p", { text: sentence })),
    );
  }

  /** @param {string} now */
  function choose(now) {
    id = now;
    facts = null;
    store.set("");
    choices.hidden = true;
    seen.replaceChildren();
    onChange();
  }

  async function forget() {
    try {
      await api.forget(id);
      turn++;
      choose("");
      say("These images were removed from the server.");
    } catch (error) {
      console.error(error);
      say("", sentenceFor(error, "The images could not be removed: reload the page and try again."));
    }
  }

  /** @param {string} sentence @param {string} [trouble] */
  function say(sentence, trouble = "") {
    status.textContent = sentence;
    refusal.replaceChildren(...withCode(trouble));
  }

  try {
    const known = JSON.parse(store.get() || "{}");
    if (known.id) {
      ({ id, others } = known);
      void look();
    }
  } catch {
    store.set("");
  }

  return {
    element,
    seen,
    /** @returns {import("./api.js").Facts | null} once they were looked at */
    facts: () => facts,
    /** @returns {boolean} whether it is being measured how long a step takes */
    timing: () => timing,
    /** @returns {{images: string, side: number, fit: "crop" | "pad"}} for the form */
    asked: () => ({ images: id, side, fit }),
    destroy: () => gone.abort(),
  };
}
