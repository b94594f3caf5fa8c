import { el } from "../dom.js";

const BINS = 20;

/**
 * @param {Record<string, number>} guesses how often each number was predicted, as text
 * @param {(value: number) => number} toShare where a value lies on its axis, from 0 to 1
 * @returns {number[]} how many lie in each part of the axis; what is not a number on it is not counted
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

/**
 * What the class predicts, as a histogram on the axis of the question.
 *
 * @param {(value: number) => number} toShare
 * @param {import("../lesson/words.js").Words} words
 */
export function createHistogram(toShare, { say }) {
  const bars = Array.from({ length: BINS }, () => el("span", { class: "tally-bar" }));
  const element = el("div", { class: "tally", role: "img", "aria-label": say("none_yet") }, ...bars);
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
        count ? [say("bin", { count, low: spell(at / BINS), high: spell((at + 1) / BINS) })] : [],
      );
      element.setAttribute("aria-label", parts.join("; ") || say("none_yet"));
    },
  };
}
