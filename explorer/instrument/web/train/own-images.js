import { el, isolated, withCode } from "../dom.js";
import { sentenceFor } from "../errors.js";
import { remembered } from "../host/remembered.js";
import { fit as fitting, pickImages } from "../uploads/images.js";
import { sendZip } from "../uploads/send.js";
import { packZip } from "../uploads/zip.js";
import { createDropZone } from "./drop-zone.js";
import { counted, findings } from "./findings.js";

const QUIET = "lesson-main is-quiet";
const LOOK_MS = 600;
const LONGEST_NAME = 60;
const FITS = [
  ["crop", "cut out the centre"],
  ["pad", "keep the whole image"],
];

/**
 * A person's own images: dropped anywhere on the page or chosen, sent, and shown as a model will see them.
 *
 * @param {{api: ReturnType<typeof import("./api.js").createApi>, bounds: import("./api.js").Own, onDropped(): void,
 *   onChange(): void}} options `onDropped`: when something arrives by hand
 */
export function createOwnImages({ api, bounds, onDropped, onChange }) {
  const store = remembered("images");
  const gone = new AbortController();
  let id = "";
  /** @type {import("./api.js").Own["sides"][number]} */
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
  const sizes = select(
    "Size",
    bounds.sides.map((pixels) => [String(pixels), `${pixels}×${pixels} pixels`]),
    (value) => {
      side = /** @type {typeof side} */ (Number(value));
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
  const element = el(
    "div",
    { class: "own-images" },
    createDropZone({ bounds, gone: gone.signal, onTake: take }),
    status,
    refusal,
    choices,
  );

  /** @param {string} label @param {string[][]} options @param {(value: string) => void} choose */
  function select(label, options, choose) {
    const select = el(
      "select",
      { on: { change: () => choose(select.value) } },
      ...options.map(([value, text]) => el("option", { value, text })),
    );
    return { select, element: el("label", { class: "train-choice" }, el("span", { text: label }), select) };
  }

  /** @param {string} where @param {() => Promise<File | import("../uploads/folder.js").Found[]>} read */
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
    /** @returns {{images: string, side: typeof side, fit: "crop" | "pad"}} for the form */
    asked: () => ({ images: id, side, fit }),
    destroy: () => gone.abort(),
  };
}
