import { el, spell } from "../dom.js";
import { sentenceFor } from "../errors.js";

const SOON = 600;
/** @type {Partial<Record<import("../train/api.js").State, string>>} */
const STATES = {
  waiting: "Waiting for its turn",
  training: "Training",
  paused: "Paused",
  stopped: "Stopped: choose a cure again to begin anew",
  trained: "Trained",
  failed: "Failed",
};

/**
 * A treatment that is on: how far it is, and its record as it grows.
 *
 * `abandon` ends it for good: another cure is tried in its place.
 *
 * @param {{id: string, api: ReturnType<typeof import("../train/api.js").createApi>,
 *   onRecord(record: import("./ward.js").Seen): void,
 *   onEnd(record: import("./ward.js").Seen | null, cure: number): void}} options `onEnd`: with nothing where it did not
 *   come to its end
 */
export function createTreatment({ id, api, onRecord, onEnd }) {
  const progress = el("progress", { class: "train-progress", max: 1, value: 0, "aria-label": "Steps done" });
  const status = el("p", { class: "train-status", role: "status" });
  const trouble = el("p", { class: "train-refusal", role: "alert" });
  const stop = el("button", {
    class: "lesson-main is-quiet",
    type: "button",
    text: "Stop",
    on: {
      async click() {
        try {
          await api.decide(id, "stop");
        } catch (error) {
          complain(error);
        }
      },
    },
  });
  const element = el("div", { class: "clinic-treatment" }, progress, status, trouble, stop);
  let seen = "";
  /** @type {import("./ward.js").Seen | null} */
  let record = null;
  let gone = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @param {unknown} error */
  function complain(error) {
    if (gone) return;
    console.error(error);
    trouble.textContent = sentenceFor(error, "The training could not be watched: reload the page.");
  }

  /** @param {string} name @returns {Promise<import("./ward.js").Seen | null>} nothing where a newer one took its place */
  async function fetchRecord(name) {
    const answer = await api.file(id, `${name}.json`);
    return answer.ok ? answer.json() : null;
  }

  async function look() {
    try {
      const job = await api.look(id, 1e8);
      if (gone) return;
      trouble.textContent = "";
      const { state, step, steps, ahead, warm, sentence, snapshot } = job;
      progress.value = step / steps;
      const parts = [STATES[state] ?? ""];
      if (state === "waiting" && ahead) parts[0] += `: ${ahead === 1 ? "one run is" : `${ahead} runs are`} before it`;
      if (state === "waiting" && !warm) parts.push("the worker is starting");
      if (step) parts.push(`step ${spell(step, 0)} of ${spell(steps, 0)}`);
      status.textContent = `${parts.join(" · ")}. ${sentence}`.trim();
      const newer = snapshot && snapshot !== seen ? await fetchRecord(snapshot) : null;
      if (gone) return;
      if (newer) {
        [seen, record] = [snapshot, newer];
        onRecord(newer);
      }
      if (["trained", "stopped", "failed"].includes(state)) {
        const cure = job.cure ?? 0;
        stop.hidden = true;
        // The last record was written before the state was.
        return onEnd(state === "trained" && record?.test ? record : null, cure);
      }
    } catch (error) {
      complain(error);
    }
    timer = setTimeout(look, SOON);
  }
  void look();

  return {
    element,
    async abandon() {
      const isOver = stop.hidden;
      gone = true;
      clearTimeout(timer);
      if (!isOver) await api.decide(id, "stop").catch((error) => console.error(error));
    },
    destroy() {
      gone = true;
      clearTimeout(timer);
    },
  };
}
