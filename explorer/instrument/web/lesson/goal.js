import { el } from "../dom.js";

/**
 * @typedef {{say: string, figure: string, below: number | null, above: number | null}} Goal
 *
 * @param {Goal} goal @param {number} value
 * @returns {boolean} whether it is reached
 */
export const isReached = ({ below, above }, value) => (below !== null ? value < below : value > Number(above));

/**
 * What the card Do asks for, and that it is reached, which the page notices by itself.
 *
 * @param {{goal: Goal, figure: import("./lessons.js").Figure, words: import("./words.js").Words, before: number | null,
 *   onReached(value: number): void}} options `before`: what it was when it was reached, if it ever was
 * @returns {{element: HTMLElement, live(values: Record<string, number | null>, example: string | null): void}} `example`: the
 *   test image that the values are of
 */
export function createGoal({ goal, figure, words, before, onReached }) {
  const said = el("p", { class: "goal-said", role: "status" });
  const element = el("div", { class: "goal" }, el("p", { text: words.say("goal", { text: goal.say }) }), said);
  let isDone = false;

  /** @param {number} value */
  const written = (value) => [words.number(value, figure.decimals), figure.unit].filter(Boolean).join(" ");

  /** @param {number} value */
  function done(value) {
    isDone = true;
    element.classList.add("reached");
    said.textContent = words.say("reached", { value: written(value) });
  }

  if (before !== null) done(before);
  return {
    element,
    live(values, example) {
      const value = values[figure.probe];
      if (isDone || value === undefined || value === null || example !== String(figure.on.example)) return;
      if (!isReached(goal, value)) said.textContent = words.say("so_far", { value: written(value) });
      else {
        done(value);
        onReached(value);
      }
    },
  };
}
