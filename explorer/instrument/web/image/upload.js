import { el, withCode } from "../dom.js";
import { newestWins } from "../engine/scheduler.js";
import { InstrumentError, sentenceFor } from "../errors.js";
import { icon } from "../icons.js";
import { present } from "../present.js";
import { rememberChoice } from "./choice.js";
import { createCrop } from "./crop.js";
import { UNKNOWN } from "./ground.js";
import { LARGEST_BYTES, LARGEST_PIXELS, nameOf, openImage } from "./image-file.js";
import { fitImage, isInverted, under } from "./image-fit.js";
import { createSeen } from "./seen.js";

const OTHERWISE = "The image could not be read: choose another file, or reload the page to try again.";

const LIMITS = `PNG, JPEG, WebP, GIF, BMP or AVIF, up to ${LARGEST_BYTES / 2 ** 20} MB and ${LARGEST_PIXELS / 1e6} megapixels`;

/**
 * Takes an image file by choice, drop or paste, and encodes it here: it is sent nowhere.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part & {open(): void, setGround(found: import("./ground.js").Ground): void}}
 */
export function createUpload(stage) {
  const { card, model, commands, store, gone } = stage;
  const encoder = present(model.encoder);
  const { shape } = card.output;
  const [, height, width] = shape;
  /** Whether the data were all made of one size, so that an image can be made like them. */
  const canBeLike = () => shape[0] === 1 && ground.box !== null;
  const seen = createSeen(shape);
  /** @type {{bitmap: ImageBitmap, name: string, title: string, laid: number} | null} `laid`: the grey under what is transparent */
  let chosen = null;
  /** @type {import("../store.js").Source | null} what was made of it */
  let made = null;
  let ground = UNKNOWN;

  const input = el("input", {
    type: "file",
    accept: "image/*",
    "aria-label": "An image file",
    hidden: true,
    on: {
      change() {
        if (input.files?.length) take(input.files[0]);
        input.value = "";
      },
    },
  });
  const drop = el(
    "div",
    { class: "dropzone" },
    el(
      "button",
      { class: "action choose", type: "button", on: { click: () => input.click() } },
      icon("upload"),
      el("span", { text: "Choose an image" }),
    ),
    el("p", { class: "hint", text: `or drop or paste one: ${LIMITS}. It stays in this browser.` }),
    input,
  );
  const fill = el(
    "select",
    { class: "field", "aria-label": "How it is fitted", on: { change: refit } },
    el("option", { text: "Keep the whole image" }),
    el("option", { text: "Fill the frame" }),
  );
  const checkbox = (/** @type {string} */ text) => {
    const box = el("input", { type: "checkbox", on: { change: refit } });
    return { box, label: el("label", { class: "switch" }, box, el("span", { text })) };
  };
  const invert = checkbox("Invert light and dark");
  const like = checkbox("Centre and size like the data");
  /** @type {import("./resample.js").Window | null} */
  let part = null;
  const crop = createCrop((next) => {
    part = next;
    refit();
  });
  const settings = el(
    "div",
    { class: "desk-side", hidden: true },
    crop.element,
    seen.element,
    fill,
    invert.label,
    like.label,
  );
  // Beside the place that it is about: the top of the page may be far away.
  const refusal = el("p", { class: "refusal", role: "alert", hidden: true });
  const element = el(
    "div",
    {
      class: "desk upload",
      on: {
        dragover: (/** @type {DragEvent} */ event) => over(event, true),
        dragleave: (/** @type {DragEvent} */ event) => over(event, false),
        /** @param {DragEvent} event */
        drop(event) {
          over(event, false);
          const [file] = event.dataTransfer?.files ?? [];
          if (file) take(file);
          else refuse("What you dropped is not a file: save the image first, then drop the file.");
        },
      },
    },
    el("div", { class: "desk-main" }, drop, refusal),
    settings,
  );

  const queue = newestWins(
    async ({ file, isAnew, isOvertaken }) => {
      const on = ground;
      const image = file ? await opened(file) : present(chosen);
      try {
        await encode(image, file ? firstFit(image) : isAnew ? anewFit(image) : chosenFit(), isOvertaken);
      } finally {
        if (image !== chosen) image.bitmap.close();
      }
      if (on !== ground) layAnew();
    },
    (error) => {
      if (!gone.aborted) refuse(sentenceFor(error, OTHERWISE));
    },
  );

  /** @param {File} file */
  async function opened(file) {
    const bitmap = await openImage(file);
    const name = nameOf(file);
    return { bitmap, name, title: `Your image ${name}`, laid: under(bitmap, ground.grey) };
  }

  /** @param {string} sentence or nothing to take it back */
  function refuse(sentence) {
    refusal.replaceChildren(...withCode(sentence));
    refusal.hidden = sentence === "";
  }

  /** @param {DragEvent} event @param {boolean} inside */
  function over(event, inside) {
    event.preventDefault();
    event.stopPropagation();
    drop.classList.toggle("over", inside);
  }

  /** @param {ClipboardEvent} event */
  function paste(event) {
    const isField = /** @type {Partial<HTMLElement>} */ (event.composedPath()[0]).matches?.(
      "input, textarea, [contenteditable]",
    );
    const file = [...(event.clipboardData?.files ?? [])][0];
    if (!file || isField || element.getClientRects().length === 0) return;
    event.preventDefault();
    take(file);
  }
  document.addEventListener("paste", paste, { signal: gone });
  // As what passes does, it goes with the next thing that is done.
  store.onCommit(() => refuse(""));

  /** @param {File} file */
  const take = (file) => ask(file);

  /** @param {File | null} file nothing: the one that is open is to be fitted anew @param {boolean} [isAnew] as if it came now */
  const ask = (file, isAnew = false) => queue.request({ file, isAnew, isOvertaken: rememberChoice(store) });

  /** An image that came before those of the data did is laid on what they lie on. */
  function layAnew() {
    if (!chosen || store.get().own !== made) return;
    chosen.laid = under(chosen.bitmap, ground.grey);
    ask(null, true);
  }

  /** @param {NonNullable<typeof chosen>} image */
  function firstFit({ bitmap, laid }) {
    const asIs = bitmap.width === width && bitmap.height === height;
    return {
      fill: fill.selectedIndex === 1,
      invert: isInverted(bitmap, ground, laid),
      like: canBeLike() && !asIs,
      crop: null,
    };
  }

  /** @param {NonNullable<typeof chosen>} image */
  const anewFit = (image) => ({ ...firstFit(image), crop: part });

  const chosenFit = () => ({
    fill: fill.selectedIndex === 1,
    invert: invert.box.checked,
    like: like.box.checked,
    crop: part,
  });

  /** Shows and encodes what was read: nothing changes before all of it has gone well. @param {NonNullable<typeof chosen>} image @param {import("./image-fit.js").Fit} fit @param {(made: import("../store.js").Source | null) => boolean} isOvertaken */
  async function encode(image, fit, isOvertaken) {
    const pixels = fitImage(image.bitmap, shape, ground, image.laid, fit);
    if (!pixels) throw new InstrumentError(`${image.name} shows nothing that stands out: choose another image.`);
    const posterior = await encoder.encode(pixels, store.get().codes);
    if (gone.aborted || isOvertaken(made)) return;
    if (chosen !== image) {
      chosen?.bitmap.close();
      part = null;
      crop.open(image.bitmap);
    }
    chosen = image;
    invert.box.checked = fit.invert;
    like.box.checked = fit.like;
    settings.hidden = false;
    seen.draw(pixels);
    refuse("");
    const source = { title: image.title, pixels, ...posterior };
    made = source;
    commands.own(source);
  }

  function refit() {
    if (chosen) ask(null);
  }

  return {
    element,
    open: () => void encoder.open().catch(() => {}),
    setGround(found) {
      ground = found;
      invert.label.hidden = !found.plain;
      like.label.hidden = !canBeLike();
      layAnew();
    },
    destroy() {
      chosen?.bitmap.close();
    },
  };
}
