import { context2d, el, latentName, spell } from "../dom.js";
import { writeImage } from "../engine/pixels.js";
import { newestWins } from "../engine/scheduler.js";
import { sentenceFor } from "../errors.js";
import { wasClosed } from "../model/worker.js";
import { spellTime } from "./form.js";
import { openGrown, reach, strongest, traversals } from "./grown.js";
import { createLosses } from "./losses.js";
import { createPlane } from "./plane.js";

/** Milliseconds between two looks at a run that is on, and at one that is not. */
const [SOON, LATER] = [700, 3000];
const MOST_SLIDERS = 8;

/** @type {Record<import("./api.js").State, string>} */
const STATES = {
  waiting: "Waiting for its turn",
  training: "Training",
  paused: "Paused",
  stopped: "Stopped",
  trained: "Trained",
  keeping: "Waiting to be measured and exported",
  finishing: "Measuring it on the test images and exporting it, which takes a minute or two",
  kept: "Kept: it is in the list of models",
  failed: "Failed",
};

/** Of a run on images of a person's own, which no list shows. */
const KEPT_PRIVATE = "Kept: it opens by its link and is in no list";

/**
 * A run: how far it is, its losses, and the growing model under the hand, decoded in the browser.
 *
 * @param {{id: string, api: ReturnType<typeof import("./api.js").createApi>, assets: string, instrument: string,
 *   worker: import("../model/worker.js").DecodingWorker, shipped: Record<string, string>, onAnother(): void,
 *   onTitle(title: string): void, share(): void}} options `instrument`: the address of the page that opens a model;
 *   `shipped`: by data set, a model to compare with
 */
export function createRun({ id, api, assets, instrument, worker, shipped, onAnother, onTitle, share }) {
  /** @type {import("./grown.js").Grown | null} */
  let grown = null;
  let opened = "";
  let opening = false;
  /** @type {number[]} */
  let z = [];
  let gone = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {import("./api.js").Job | null} */
  let job = null;

  const title = el("h1");
  const progress = el("progress", { class: "train-progress", max: 1, value: 0, "aria-label": "Steps done" });
  const status = el("p", { class: "train-status", role: "status" });
  const trouble = el("p", { class: "train-refusal", role: "alert" });
  const buttons = el("div", { class: "train-buttons" });
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
  const grows = el("p", { class: "train-wait", text: "The first picture appears as soon as training has started." });
  const losses = createLosses();
  const plane = createPlane({ onMove: (values) => move(values) });
  const live = el(
    "div",
    { class: "train-live", hidden: true },
    el("figure", { class: "train-decoded" }, el("h3", { text: "Decoded image" }), picture, sliders),
    plane.element,
    el("figure", { class: "train-traversals" }, el("h3", { text: "Traversals" }), sheet, sheetWords),
  );
  const element = el(
    "section",
    { class: "train-run" },
    title,
    progress,
    status,
    buttons,
    trouble,
    grows,
    el("div", { class: "train-parts" }, losses.element, live),
  );

  const decoding = newestWins(async (/** @type {number[]} */ at) => {
    if (!grown || at.length !== grown.latents) return;
    const values = await grown.decode(at);
    const [, height, width] = grown.facts.shape;
    if (picture.width !== width || picture.height !== height) Object.assign(picture, { width, height });
    const pixels = new Uint32Array(width * height);
    writeImage(values, 0, grown.facts.shape, pixels, width, 0);
    context2d(picture).putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), width, height), 0, 0);
  }, complain);

  const filling = newestWins(async (/** @type {number[]} */ at) => {
    const model = grown;
    if (!model || at.length !== model.latents) return;
    const { codes, columns } = traversals(model.facts, at);
    const image = await model.sheet(codes, columns);
    if (sheet.width !== image.width || sheet.height !== image.height)
      Object.assign(sheet, { width: image.width, height: image.height });
    context2d(sheet).putImageData(image, 0, 0);
  }, complain);

  /** @param {unknown} error */
  function complain(error) {
    if (gone || wasClosed(error)) return;
    console.error(error);
    trouble.textContent = sentenceFor(error, "The growing model could not be decoded: reload the page to try again.");
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
      const next = await openGrown(api, id, name, { assets, worker });
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
      live.hidden = false;
      grows.hidden = true;
      plane.grow(next.facts, z);
      const { rows } = traversals(next.facts, z);
      sheetWords.textContent = rows.length
        ? `A row for each of ${rows.map(latentName).join(", ")}: only that latent changes, from left to right.`
        : "The whole plane: z₀ from left to right, z₁ from below to above.";
      sheet.setAttribute("aria-label", `${sheetWords.textContent} At step ${next.facts.step}.`);
      decoding.request(z);
      filling.request(z);
      await Promise.all([decoding.settled(), filling.settled()]);
      element.dataset.step = String(next.facts.step);
    } catch (error) {
      complain(error);
    } finally {
      opening = false;
    }
  }

  /** @param {string} text @param {"pause" | "go-on" | "stop" | "keep"} what @param {boolean} [main] */
  const button = (text, what, main = false) =>
    el("button", {
      type: "button",
      class: main ? "lesson-main" : "lesson-main is-quiet",
      text,
      on: {
        async click() {
          trouble.textContent = "";
          try {
            show(await api.decide(id, what));
          } catch (error) {
            console.error(error);
            trouble.textContent = sentenceFor(error, "That did not work: reload the page and try again.");
          }
        },
      },
    });

  /** @param {string} text @param {string} query */
  const link = (text, query) => el("a", { class: "lesson-main is-quiet", href: `${instrument}?${query}`, text });

  /** @param {import("./api.js").Job} now */
  function choices({ state, checkpoint, form, can_keep: canKeep }) {
    const other = shipped[form.data];
    const kept = encodeURIComponent(checkpoint);
    /** @type {Record<import("./api.js").State, Node[]>} */
    const offered = {
      waiting: [button("Pause", "pause"), button("Stop", "stop")],
      training: [button("Pause", "pause"), button("Stop", "stop")],
      paused: [button("Resume", "go-on", true), button("Stop", "stop")],
      stopped: [...(canKeep ? [button("Keep this model", "keep", true)] : []), button("Resume", "go-on", !canKeep)],
      trained: [button("Keep this model", "keep", true)],
      keeping: [],
      finishing: [],
      kept: [
        link("Open it", `model=${kept}`),
        ...(other ? [link(`Compare with ${other}`, `model=${kept}&compare=${kept},${encodeURIComponent(other)}`)] : []),
      ],
      failed: [],
    };
    return [
      ...offered[state],
      el("button", { type: "button", class: "lesson-main is-quiet", text: "Copy the link", on: { click: share } }),
      el("button", { type: "button", class: "lesson-main is-quiet", text: "Train another", on: { click: onAnother } }),
    ];
  }

  /** @param {import("./api.js").Job} now @returns {string} */
  function said(now) {
    const { state, step, steps, seconds, most_seconds: most, ahead, warm, sentence } = now;
    const parts = [state === "kept" && now.form.data === "own" ? KEPT_PRIVATE : STATES[state]];
    if (state === "waiting" && ahead) parts[0] += `: ${ahead === 1 ? "one run is" : `${ahead} runs are`} before it`;
    if (state === "waiting" && !warm) parts.push("The worker is starting");
    if (step) parts.push(`Step ${step.toLocaleString("en")} of ${steps.toLocaleString("en")}`);
    if (state === "training" && step > 20) {
      const left = Math.min((seconds / step) * (steps - step), Math.max(0, most - seconds));
      parts.push(`about ${spellTime(left)} left`);
    }
    return `${parts.join(" · ")}. ${sentence}`;
  }

  /** @param {import("./api.js").Job} now */
  function show(now) {
    const changed = job?.state !== now.state || job.checkpoint !== now.checkpoint;
    job = now;
    title.textContent = now.title;
    progress.value = now.step / now.steps;
    const words = said(now);
    if (status.textContent !== words) status.textContent = words;
    element.dataset.state = now.state;
    losses.show(now);
    if (changed) {
      onTitle(now.title);
      buttons.replaceChildren(...choices(now));
    }
    void grow(now.snapshot);
  }

  async function look() {
    let wait = LATER;
    try {
      const now = await api.look(id, Math.max(0, losses.last() - 1));
      if (gone) return;
      trouble.textContent = "";
      show(now);
      if (["waiting", "training", "keeping", "finishing"].includes(now.state) || now.snapshot !== opened) wait = SOON;
    } catch (error) {
      if (gone) return;
      console.error(error);
      trouble.textContent = sentenceFor(error, "The state of the run could not be fetched: reload the page.");
    }
    timer = setTimeout(look, wait);
  }
  void look();

  return {
    element,
    destroy() {
      gone = true;
      clearTimeout(timer);
      grown?.release();
    },
  };
}
