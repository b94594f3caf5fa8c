import { el, spell } from "../dom.js";
import { sentenceFor } from "../errors.js";
import { spellTime } from "./form.js";
import { openGrown } from "./grown.js";
import { createGrownView } from "./grown-view.js";
import { createLosses } from "./losses.js";

/** Milliseconds between two looks: at a run whose first picture is about to come, at one that is on, and at one that is not. */
const [AT_ONCE, SOON, LATER] = [150, 700, 3000];
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
 *   onChange(run: import("./api.js").Job): void, share(): void}} options `instrument`: the address of the page that opens a model;
 *   `shipped`: by data set, a model to compare with; `onChange`: its state has changed, as it does at first
 */
export function createRun({ id, api, assets, instrument, worker, shipped, onAnother, onChange, share }) {
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
  const grows = el("p", { class: "train-wait", text: "The first picture appears as soon as training has started." });
  const losses = createLosses();
  const growing = createGrownView({
    open: (name) => openGrown(api, id, name, { assets, worker }),
    onOpen() {
      grows.hidden = true;
    },
    onShown(step) {
      element.dataset.step = String(step);
    },
    onFailure: complain,
  });
  const element = el(
    "section",
    { class: "train-run" },
    title,
    progress,
    status,
    buttons,
    trouble,
    grows,
    el("div", { class: "train-parts" }, losses.element, growing.element),
  );

  /** @param {unknown} error */
  function complain(error) {
    console.error(error);
    trouble.textContent = sentenceFor(error, "The growing model could not be decoded: reload the page to try again.");
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
  function choices({ state, checkpoint, data, can_keep: canKeep }) {
    const other = shipped[data];
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
    const parts = [state === "kept" && now.data === "own" ? KEPT_PRIVATE : STATES[state]];
    if (state === "waiting" && ahead) parts[0] += `: ${ahead === 1 ? "one run is" : `${ahead} runs are`} before it`;
    if (state === "waiting" && !warm) parts.push("The worker is starting");
    if (step) parts.push(`Step ${spell(step, 0)} of ${spell(steps, 0)}`);
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
    grows.hidden = growing.shown() !== "" || !["waiting", "training"].includes(now.state);
    element.dataset.state = now.state;
    losses.show(now);
    if (changed) {
      onChange(now);
      buttons.replaceChildren(...choices(now));
    }
    void growing.grow(now.snapshot);
  }

  async function look() {
    let wait = LATER;
    try {
      const now = await api.look(id, Math.max(0, losses.last() - 1));
      if (gone) return;
      trouble.textContent = "";
      show(now);
      if (["waiting", "training", "keeping", "finishing"].includes(now.state) || now.snapshot !== growing.shown())
        wait = SOON;
      if (["waiting", "training"].includes(now.state) && !now.ahead && !now.snapshot) wait = AT_ONCE;
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
      growing.destroy();
    },
  };
}
