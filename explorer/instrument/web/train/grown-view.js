import { context2d, el, latentName, spell } from "../dom.js";
import { writeImage } from "../engine/pixels.js";
import { newestWins } from "../engine/scheduler.js";
import { wasClosed } from "../model/worker.js";
import { reach, strongest, traversals } from "./grown.js";
import { createPlane } from "./plane.js";

const MOST_SLIDERS = 8;

/**
 * The growing model under the hand: its image, its latents, its plane and its traversals, decoded in the browser.
 *
 * @param {{open(name: string): Promise<import("./grown.js").Grown | null>, onOpen(): void, onShown(step: number): void,
 *   onFailure(error: unknown): void}} options `open` opens a snapshot by its name; `onShown`: all of it is on screen
 */
export function createGrownView({ open, onOpen, onShown, onFailure }) {
  /** @type {import("./grown.js").Grown | null} */
  let grown = null;
  let opened = "";
  let opening = false;
  /** @type {number[]} */
  let z = [];
  let gone = false;

  const picture = el("canvas", {
    class: "train-picture",
    width: 1,
    height: 1,
    role: "img",
    "aria-label": "Decoded image",
  });
  const sliders = el("div", { class: "train-sliders" });
  const sheet = el("canvas", { class: "train-sheet", width: 1, height: 1, role: "img" });
  const sheetWords = el("p", {});
  const plane = createPlane({ onMove: (values) => move(values) });
  const element = el(
    "div",
    { class: "train-live", hidden: true },
    el("figure", { class: "train-decoded" }, el("h3", { text: "Decoded image" }), picture, sliders),
    plane.element,
    el("figure", { class: "train-traversals" }, el("h3", { text: "Traversals" }), sheet, sheetWords),
  );
  const decoding = newestWins(async (/** @type {number[]} */ at) => {
    if (!grown || at.length !== grown.latents) return;
    const values = await grown.decode(at);
    const [, height, width] = grown.facts.shape;
    if (picture.width !== width || picture.height !== height) Object.assign(picture, { width, height });
    const pixels = new Uint32Array(width * height);
    writeImage(values, 0, grown.facts.shape, pixels, width, 0);
    context2d(picture).putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), width, height), 0, 0);
  }, fail);

  const filling = newestWins(async (/** @type {number[]} */ at) => {
    const model = grown;
    if (!model || at.length !== model.latents) return;
    const { codes, columns } = traversals(model.facts, at);
    const image = await model.sheet(codes, columns);
    if (sheet.width !== image.width || sheet.height !== image.height)
      Object.assign(sheet, { width: image.width, height: image.height });
    context2d(sheet).putImageData(image, 0, 0);
  }, fail);

  /** @param {unknown} error */
  function fail(error) {
    if (!gone && !wasClosed(error)) onFailure(error);
  }

  /** @type {Map<number, {range: HTMLInputElement, number: HTMLOutputElement}>} */
  const dials = new Map();

  /** @param {Record<number, number>} values by latent */
  function move(values) {
    z = z.map((value, at) => values[at] ?? value);
    decoding.request(z);
    plane.show(z);
    for (const [latent, { range, number }] of dials) {
      range.value = String(z[latent]);
      number.textContent = spell(z[latent]);
    }
    if (grown && grown.latents !== 2) filling.request(z);
  }

  /** @param {import("./grown.js").Facts} facts */
  function layOut(facts) {
    if (dials.size) {
      // Their order stays as it was: one may be being dragged.
      for (const [latent, { range }] of dials) {
        const [low, high] = reach(facts, latent);
        Object.assign(range, { min: String(low), max: String(high) });
      }
      return;
    }
    const order = z.length === 2 ? [0, 1] : strongest(facts).slice(0, MOST_SLIDERS);
    for (const latent of order) {
      const [low, high] = reach(facts, latent);
      const name = latentName(latent);
      const number = el("output", { class: "dial-number", text: spell(z[latent]) });
      const range = el("input", {
        type: "range",
        min: low,
        max: high,
        step: 0.01,
        value: z[latent],
        "aria-label": name,
        on: { input: () => move({ [latent]: Number(range.value) }) },
      });
      dials.set(latent, { range, number });
      sliders.append(el("label", { class: "train-slider" }, el("span", { text: name }), range, number));
    }
  }

  /** @param {string} name of the newest snapshot */
  async function grow(name) {
    if (opening || !name || name === opened) return;
    opening = true;
    try {
      const next = await open(name);
      if (!next) return;
      if (gone) {
        next.release();
        return;
      }
      await Promise.all([decoding.settled(), filling.settled()]);
      grown?.release();
      grown = next;
      opened = name;
      if (z.length !== next.latents) z = next.facts.kl ? new Array(next.latents).fill(0) : [...next.facts.mean];
      layOut(next.facts);
      element.hidden = false;
      onOpen();
      plane.grow(next.facts, z);
      const { rows } = traversals(next.facts, z);
      sheetWords.textContent = rows.length
        ? `A row for each of ${rows.map(latentName).join(", ")}: only that latent changes, from left to right.`
        : "The whole plane: z₀ from left to right, z₁ from bottom to top.";
      sheet.setAttribute("aria-label", `${sheetWords.textContent} At step ${next.facts.step}.`);
      decoding.request(z);
      filling.request(z);
      await Promise.all([decoding.settled(), filling.settled()]);
      onShown(next.facts.step);
    } catch (error) {
      fail(error);
    } finally {
      opening = false;
    }
  }

  return {
    element,
    grow,
    /** @returns {string} the name of the snapshot that is shown */
    shown: () => opened,
    destroy() {
      gone = true;
      grown?.release();
    },
  };
}
