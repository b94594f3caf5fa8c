import { el } from "../dom.js";

const BINS = 20;

/**
 * @param {Record<string, number>} guesses how often each number was predicted, as text
 * @param {(value: number) => number} toShare where a value lies on its axis, from 0 to 1
 * @returns {number[]} how many lie in each part of the axis; what is no number on it counts nowhere
 */
export function binned(guesses, toShare) {
  const bins = Array(BINS).fill(0);
  for (const [text, count] of Object.entries(guesses)) {
    const share = toShare(Number(text));
    if (share >= 0 && share <= 1) bins[Math.min(BINS - 1, Math.floor(share * BINS))] += count;
  }
  return bins;
}

/** @param {number} followers @returns {string} */
export const screens = (followers) => (followers === 1 ? "1 screen follows" : `${followers} screens follow`);

/** @param {number} count @param {number} followers @returns {string} */
export const countOf = (count, followers) =>
  `${count === 1 ? "1 prediction" : `${count} predictions`} · ${screens(followers)}`;

/**
 * What the class predicts, as a histogram on the axis of the question.
 *
 * @param {(value: number) => number} toShare
 */
export function createHistogram(toShare) {
  const bars = Array.from({ length: BINS }, () => el("span", { class: "tally-bar" }));
  const element = el("div", { class: "tally", role: "img", "aria-label": "No predictions yet" }, ...bars);
  return {
    element,
    /** @param {Record<string, number>} guesses @param {(share: number) => string} spell what stands at a share of the axis */
    show(guesses, spell) {
      const bins = binned(guesses, toShare);
      const most = Math.max(1, ...bins);
      bins.forEach((count, at) => {
        bars[at].style.height = `${(100 * count) / most}%`;
        bars[at].dataset.count = count ? String(count) : "";
      });
      const parts = bins.flatMap((count, at) =>
        count ? [`${count} from ${spell(at / BINS)} to ${spell((at + 1) / BINS)}`] : [],
      );
      element.setAttribute("aria-label", parts.join("; ") || "No predictions yet");
    },
  };
}
