import { el } from "../dom.js";
import { spellFigure, spellNumber } from "./text.js";

/**
 * The prediction of a lesson: a mark on the axis of the figure, or one of some options. It is locked when it is committed;
 * then the measured value moves out of it.
 *
 * @param {{lesson: import("./lessons.js").Lesson, kept: import("./progress.js").Progress,
 *   onCommit(change: import("./progress.js").Progress): void}} options `kept`: what was predicted before
 * @returns {{element: HTMLElement, fill(values: import("./lessons.js").Values): void}}
 */
export const createPrediction = (options) => (options.lesson.predict.figure === null ? choice(options) : mark(options));

/** @param {Parameters<typeof createPrediction>[0]} options @returns {ReturnType<typeof createPrediction>} */
function mark({ lesson, kept, onCommit }) {
  const { axis, scale, figure: name } = lesson.predict;
  const [low, high] = /** @type {[number, number]} */ (axis);
  const figure = lesson.figures[/** @type {string} */ (name)];
  const isLog = scale === "log";
  const toValue = (/** @type {number} */ share) => (isLog ? low * (high / low) ** share : low + share * (high - low));
  const toShare = (/** @type {number} */ value) =>
    isLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  const decimals = high - low >= 20 ? 0 : 1;
  const unit = figure.unit ? ` ${figure.unit}` : "";
  const written = (/** @type {number} */ value) => `${spellNumber(value, decimals)}${unit}`;

  /** @type {import("./lessons.js").Values} */
  let values = null;
  let locked = typeof kept.prediction === "number";
  const guess = () => toValue(Number(input.value) / 1000);

  const input = el("input", {
    class: "guess-mark",
    type: "range",
    min: 0,
    max: 1000,
    step: 1,
    value: locked ? Math.round(1000 * toShare(/** @type {number} */ (kept.prediction))) : 500,
    "aria-label": lesson.predict.ask,
    on: { input: show },
  });
  const said = el("output", { class: "guess-said" });
  const measured = el("span", { class: "guess-measured", hidden: true }, el("span", { class: "guess-label" }));
  const ticks = (isLog ? decades(low, high) : fifths(low, high)).map((value) =>
    el("span", { class: "guess-tick", style: `left: ${100 * toShare(value)}%`, text: short(value) }),
  );
  const lock = el("button", {
    class: "lesson-main",
    type: "button",
    text: "Lock my prediction",
    on: { click: commit },
  });
  const verdict = el("p", { class: "verdict", role: "status" });
  const element = el(
    "div",
    { class: "prediction" },
    el("p", { class: "ask", text: lesson.predict.ask }),
    el("p", { class: "guess-guess" }, "Your mark: ", said),
    el(
      "div",
      { class: "guess-axis" },
      input,
      el("div", { class: "guess-ticks", "aria-hidden": "true" }, ...ticks),
      measured,
    ),
    lock,
    verdict,
  );

  function show() {
    said.textContent = written(guess());
    input.setAttribute("aria-valuetext", written(guess()));
  }

  function commit() {
    locked = true;
    onCommit({ prediction: Number(guess().toPrecision(3)) });
    reveal();
  }

  function reveal() {
    input.disabled = locked;
    lock.hidden = locked;
    if (!locked) return;
    if (values === null) verdict.textContent = "Measuring on the model …";
    else if (typeof values === "string") verdict.textContent = values;
    else {
      const value = values[/** @type {string} */ (name)];
      onCommit({ measured: Number(value.toPrecision(4)) });
      const label = /** @type {HTMLElement} */ (measured.firstElementChild);
      label.textContent = spellFigure(figure, values, /** @type {string} */ (name));
      // Out of the mark, so that the eye sees how far it was off.
      measured.style.left = `${Number(input.value) / 10}%`;
      measured.hidden = false;
      measured.getBoundingClientRect();
      measured.style.left = `${100 * Math.min(1, Math.max(0, toShare(value)))}%`;
      const where = lesson.setup.page ? "Measured" : "Measured on this model";
      verdict.textContent = `${where}: ${label.textContent}${unit}. You marked ${written(guess())}.`;
    }
  }

  show();
  reveal();
  return {
    element,
    fill(next) {
      values = next;
      reveal();
    },
  };
}

/** @param {Parameters<typeof createPrediction>[0]} options @returns {ReturnType<typeof createPrediction>} */
function choice({ lesson, kept, onCommit }) {
  const { ask, options, wanted } = lesson.predict;
  /** @type {import("./lessons.js").Values} */
  let values = null;
  let chosen = options.findIndex(({ label }) => label === kept.prediction);
  const verdict = el("p", { class: "verdict", role: "status" });
  const buttons = options.map(({ label }, at) =>
    el(
      "button",
      { class: "option", type: "button", on: { click: () => commit(at) } },
      el("span", { class: "option-label", text: label }),
      el("span", { class: "option-bar", hidden: true }),
      el("span", { class: "option-value" }),
    ),
  );
  const element = el(
    "div",
    { class: "prediction" },
    el("p", { class: "ask", text: ask }),
    el("div", { class: "options", role: "group", "aria-label": ask }, ...buttons),
    verdict,
  );

  /** @param {number} at */
  function commit(at) {
    if (chosen >= 0) return;
    chosen = at;
    onCommit({ prediction: options[at].label });
    reveal();
  }

  function reveal() {
    if (chosen < 0) return;
    buttons.forEach((button, at) => {
      button.disabled = true;
      button.setAttribute("aria-pressed", String(at === chosen));
    });
    if (values === null) verdict.textContent = "Measuring on the model …";
    else if (typeof values === "string") verdict.textContent = values;
    else {
      const found = options.map(({ figure }) => /** @type {Record<string, number>} */ (values)[figure]);
      const right = found.indexOf(wanted === "largest" ? Math.max(...found) : Math.min(...found));
      const most = Math.max(...found.map(Math.abs));
      options.forEach(({ figure }, at) => {
        const [, bar, value] = /** @type {HTMLElement[]} */ ([...buttons[at].children]);
        bar.hidden = false;
        bar.style.setProperty("--share", String(Math.abs(found[at]) / most));
        const { unit } = lesson.figures[figure];
        value.textContent = [spellFigure(lesson.figures[figure], values, figure), unit].filter(Boolean).join(" ");
        buttons[at].classList.toggle("right", at === right);
      });
      onCommit({ measured: options[right].label });
      verdict.textContent =
        right === chosen
          ? `Right: ${options[right].label}.`
          : `It is: ${options[right].label}. You chose ${options[chosen].label}.`;
    }
  }

  reveal();
  return {
    element,
    fill(next) {
      values = next;
      reveal();
    },
  };
}

/** @param {number} low @param {number} high */
const fifths = (low, high) => [0, 1, 2, 3, 4].map((at) => low + (at * (high - low)) / 4);

/** @param {number} low @param {number} high */
function decades(low, high) {
  const marks = [low];
  for (let power = Math.floor(Math.log10(low)) + 1; 10 ** power < high; power++) marks.push(10 ** power);
  const all = [...new Set([...marks, high])];
  // On a phone there is room for four of them.
  return all.length > 5 ? all.filter((_, at) => at % 2 === 0 || at === all.length - 1) : all;
}

/** @param {number} value */
function short(value) {
  if (value >= 1e6) return `${value / 1e6}M`;
  return spellNumber(value, Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : 1);
}
