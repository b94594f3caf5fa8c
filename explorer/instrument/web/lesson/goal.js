import { el } from "../dom.js";

/**
 * @typedef {{say: string, figure: string | null, moving: string | null, model: string | null, below: number | null,
 *   above: number | null, unit?: string, decimals?: number}} Goal `figure` of the lesson, or what is `moving`, with its unit
 *
 * What the page measures now.
 *
 * @typedef {{values: Record<string, number | null>, example: string | null, model: string | null}} Now `example`: the test
 *   image that the values are of; `model`: of a comparison, the one that they are of
 *
 * @param {Goal} goal @param {number} value
 * @returns {boolean} whether it is reached
 */
export const isReached = ({ below, above }, value) => (below !== null ? value < below : value > Number(above));

/**
 * What the card Do asks for, and that it is reached, which the page notices by itself.
 *
 * @param {{goal: Goal, figure: import("./lessons.js").Figure | null, words: import("./words.js").Words, before: number | null,
 *   onReached(value: number): void}} options `before`: what it was when it was reached, if it ever was
 * @returns {{element: HTMLElement, live(now: Now): void}}
 */
export function createGoal({ goal, figure, words, before, onReached }) {
  const said = el("p", { class: "goal-said", role: "status" });
  const element = el("div", { class: "goal" }, el("p", { text: words.say("goal", { text: goal.say }) }), said);
  const { unit, decimals } = figure ?? goal;
  let isDone = false;

  /** @param {number} value */
  const written = (value) => [words.number(value, decimals ?? 0), unit].filter(Boolean).join(" ");

  /** @param {Now} now @returns {number | null} what the goal is about, where it is that which was measured */
  function measured({ values, example, model }) {
    if (figure) return example === String(figure.on.example) ? (values[figure.probe] ?? null) : null;
    return goal.model === null || goal.model === model ? (values[goal.moving ?? ""] ?? null) : null;
  }

  /** @param {number} value */
  function done(value) {
    isDone = true;
    element.classList.add("reached");
    said.textContent = words.say("reached", { value: written(value) });
  }

  if (before !== null) done(before);
  return {
    element,
    live(now) {
      const value = measured(now);
      if (isDone || value === null) return;
      if (!isReached(goal, value)) said.textContent = words.say("so_far", { value: written(value) });
      else {
        done(value);
        onReached(value);
      }
    },
  };
}
