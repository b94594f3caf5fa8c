import { offscreen2d } from "../dom.js";
import { InstrumentError } from "../errors.js";
import { present } from "../present.js";
import { addressOf } from "../shelf/held.js";

/** @typedef {ReturnType<typeof createThumbnails>} Thumbnails */

/** Sheets that are fetched unasked: 16,384 images of 64×64 pixels. */
const SHEETS_AHEAD = 16;

/**
 * The images that came with a checkpoint, on sheets which are fetched when first asked for.
 *
 * @param {import("./checkpoint.js").Entry} entry
 * @param {import("./checkpoint.js").ImagesCard} card
 * @param {(sentence: string) => void} onFailure called once, where a sheet is not what it should be
 */
export function createThumbnails(entry, card, onFailure) {
  const { count, columns } = card.examples;
  const perSheet = card.examples.per_sheet ?? count;
  const [channels, height, width] = card.output.shape;
  /** @type {Map<number, {image: HTMLImageElement, ready: boolean, loaded: Promise<void>}>} */
  const sheets = new Map();
  /** @type {(() => void)[]} */
  const listeners = [];
  let failed = false;

  /** @param {number} at */
  const file = (at) => (at ? `thumbnails-${at}.webp` : "thumbnails.webp");
  /** @param {number} at */
  const url = (at) => addressOf(file(at), new URL(present(entry.url), document.baseURI).href);
  /** @param {number} at the sheet @returns {number} how many lines of images it has */
  const lines = (at) => Math.ceil(Math.min(perSheet, count - at * perSheet) / columns);

  /** @param {number} at the image @returns {[number, number, number]} its sheet, column and line */
  function place(at) {
    const on = at % perSheet;
    return [Math.floor(at / perSheet), on % columns, Math.floor(on / columns)];
  }

  /** @param {number} at */
  function sheet(at) {
    const known = sheets.get(at);
    if (known) return known;
    const image = new Image();
    image.src = url(at);
    const made = { image, ready: false, loaded: load(image, at) };
    made.loaded.then(
      () => {
        made.ready = true;
        for (const listener of listeners) listener();
      },
      (error) => {
        if (!failed) onFailure(error.message);
        failed = true;
      },
    );
    sheets.set(at, made);
    return made;
  }

  /** @param {HTMLImageElement} image @param {number} at */
  async function load(image, at) {
    await image.decode().catch(() => {
      throw new InstrumentError(wrong(at, "is missing or is not an image"));
    });
    if (image.naturalWidth !== columns * width || image.naturalHeight !== lines(at) * height)
      throw new InstrumentError(wrong(at, "does not hold the images that its card describes"));
  }

  /** @param {number} at @param {string} what */
  const wrong = (at, what) =>
    `${entry.id}/${file(at)} ${what}: run \`python -m training embed ${entry.path ?? "FOLDER"}\` again.`;

  return {
    /** Fetches the first sheets one after the other, so that no pointer on the map waits for them. */
    async preload() {
      const most = Math.min(SHEETS_AHEAD, Math.ceil(count / perSheet));
      for (let at = 0; at < most; at++) await sheet(at).loaded.catch(() => {});
    },
    /**
     * @param {number} at
     * @returns {string} the style of an element that shows the image, for the style sheet to draw
     */
    style(at) {
      const [on, column, line] = place(at);
      const share = (/** @type {number} */ index, /** @type {number} */ of) => (of > 1 ? (100 * index) / (of - 1) : 0);
      return (
        `background-image: url("${url(on)}"); background-size: ${columns * 100}% ${lines(on) * 100}%; ` +
        `background-position: ${share(column, columns)}% ${share(line, lines(on))}%`
      );
    },
    /**
     * @param {CanvasRenderingContext2D} context
     * @param {number} at
     * @param {number} x
     * @param {number} y
     * @param {number} w
     * @param {number} h
     * @returns {boolean} false while the sheet is on its way
     */
    draw(context, at, x, y, w, h) {
      const [on, column, line] = place(at);
      const { image, ready } = sheet(on);
      if (ready) context.drawImage(image, column * width, line * height, width, height, x, y, w, h);
      return ready;
    },
    /**
     * @param {number} at
     * @returns {Promise<Float32Array>} the image as the encoder takes it, C×H×W in [0, 1]
     */
    async pixels(at) {
      const [on, column, line] = place(at);
      const { image, loaded } = sheet(on);
      await loaded;
      const context = offscreen2d(width, height, { willReadFrequently: true });
      context.drawImage(image, -column * width, -line * height);
      const { data } = context.getImageData(0, 0, width, height);
      const plane = width * height;
      const values = new Float32Array(channels * plane);
      for (let channel = 0; channel < channels; channel++) {
        for (let pixel = 0; pixel < plane; pixel++) values[channel * plane + pixel] = data[4 * pixel + channel] / 255;
      }
      return values;
    },
    /** @param {() => void} listener called for each sheet that has arrived */
    onLoad: (listener) => void listeners.push(listener),
  };
}
