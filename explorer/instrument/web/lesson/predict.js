import { clamp } from "../clamp.js";
import { createHistogram } from "../classroom/tally.js";
import { el } from "../dom.js";
import { spellFigure } from "./text.js";

/**
 * The prediction of a lesson: a mark on the axis of the figure, or one of some options. It is locked when it is committed;
 * then the measured value moves out of it. In a class the teacher, who sees all predictions, says when.
 *
 * @param {{lesson: import("./lessons.js").Lesson, words: import("./words.js").Words, kept: import("./progress.js").Progress,
 *   audience: import("../classroom/classroom.js").Audience, onCommit(change: import("./progress.js").Progress): void}} options
 *   `kept`: what was predicted before
 * @returns {{element: HTMLElement, fill(values: import("./lessons.js").Values): void,
 *   count(tally: import("../classroom/api.js").Tally): void, refresh(): void}} `count`: what the class predicts; `refresh`:
 *   what this screen is to a class has changed, or the answer is shown to it
 */
export const createPrediction = (options) => (options.lesson.predict.figure === null ? choice(options) : mark(options));

/**
 * @param {boolean} isLocked
 * @param {import("../classroom/classroom.js").Audience} audience
 * @param {string} lesson
 * @returns {"open" | "waiting" | "led" | "shown"} `waiting` for the teacher; `led` by this screen, which predicts nothing
 */
function stateOf(isLocked, audience, lesson) {
  const role = audience.role();
  if (role === null) return isLocked ? "shown" : "open";
  if (audience.isRevealed(lesson)) return "shown";
  if (role === "leader") return "led";
  return isLocked ? "waiting" : "open";
}

/** @param {Parameters<typeof createPrediction>[0]} options @returns {ReturnType<typeof createPrediction>} */
function mark({ lesson, words, kept, audience, onCommit }) {
  const { say } = words;
  const { axis, scale, figure: name } = lesson.predict;
  const [low, high] = /** @type {[number, number]} */ (axis);
  const figure = lesson.figures[/** @type {string} */ (name)];
  const isLog = scale === "log";
  const toValue = (/** @type {number} */ share) => (isLog ? low * (high / low) ** share : low + share * (high - low));
  const toShare = (/** @type {number} */ value) =>
    isLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  const decimals = high - low >= 20 ? 0 : 1;
  const unit = figure.unit ? ` ${figure.unit}` : "";
  const written = (/** @type {number} */ value) => `${words.number(value, decimals)}${unit}`;

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
    el("span", { class: "guess-tick", style: `left: ${100 * toShare(value)}%`, text: short(value, words) }),
  );
  const lock = el("button", {
    class: "lesson-main",
    type: "button",
    text: say("lock"),
    on: { click: commit },
  });
  const histogram = createHistogram(toShare, words);
  const counted = el("p", { class: "hint tally-count" });
  const own = el("p", { class: "guess-guess" }, `${say("your_mark")} `, said);
  const verdict = el("p", { class: "verdict", role: "status" });
  const element = el(
    "div",
    { class: "prediction" },
    el("p", { class: "ask", text: lesson.predict.ask }),
    own,
    histogram.element,
    el(
      "div",
      { class: "guess-axis" },
      input,
      el("div", { class: "guess-ticks", "aria-hidden": "true" }, ...ticks),
      measured,
    ),
    counted,
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
    const state = stateOf(locked, audience, lesson.id);
    const leads = audience.role() === "leader";
    element.classList.toggle("led", leads);
    own.hidden = leads;
    histogram.element.hidden = counted.hidden = !leads;
    input.disabled = state !== "open";
    lock.hidden = state !== "open";
    verdict.textContent = state === "waiting" ? say("waiting") : "";
    if (state !== "shown") measured.hidden = true;
    else if (values === null) verdict.textContent = say("measuring");
    else if (typeof values === "string") verdict.textContent = values;
    else {
      const value = values[/** @type {string} */ (name)];
      if (locked) onCommit({ measured: Number(value.toPrecision(4)) });
      const label = /** @type {HTMLElement} */ (measured.firstElementChild);
      label.textContent = spellFigure(figure, values, /** @type {string} */ (name), words);
      // Out of the mark, so that the eye sees how far it was off.
      if (measured.hidden) measured.style.setProperty("--share", String(Number(input.value) / 1000));
      measured.hidden = false;
      measured.getBoundingClientRect();
      measured.style.setProperty("--share", String(clamp(toShare(value), 0, 1)));
      const found = say("measured", { value: `${label.textContent}${unit}` });
      verdict.textContent = locked && !leads ? `${found} ${say("marked", { value: written(guess()) })}` : found;
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
    count({ guesses, followers }) {
      histogram.show(guesses, (share) => written(toValue(share)));
      const count = Object.values(guesses).reduce((sum, one) => sum + one, 0);
      counted.textContent = countOf(count, followers, words);
    },
    refresh: reveal,
  };
}

/** @param {Parameters<typeof createPrediction>[0]} options @returns {ReturnType<typeof createPrediction>} */
function choice({ lesson, words, kept, audience, onCommit }) {
  const { say } = words;
  const { ask, options, wanted } = lesson.predict;
  /** @type {import("./lessons.js").Values} */
  let values = null;
  // By its figure, which is the same in every language; by its label it was kept before there was more than one.
  let chosen = options.findIndex(({ label, figure }) => [figure, label].includes(String(kept.prediction)));
  const verdict = el("p", { class: "verdict", role: "status" });
  const counted = el("p", { class: "hint tally-count" });
  const tallies = options.map(() => el("span", { class: "option-tally", role: "img" }));
  const buttons = options.map(({ label }, at) =>
    el(
      "button",
      { class: "option", type: "button", on: { click: () => commit(at) } },
      el("span", { class: "option-label" }, label, " ", tallies[at]),
      el("span", { class: "option-bar", hidden: true }),
      el("span", { class: "option-value" }),
    ),
  );
  const element = el(
    "div",
    { class: "prediction" },
    el("p", { class: "ask", text: ask }),
    el("div", { class: "options", role: "group", "aria-label": ask }, ...buttons),
    counted,
    verdict,
  );

  /** @param {number} at */
  function commit(at) {
    if (chosen >= 0) return;
    chosen = at;
    onCommit({ prediction: options[at].figure });
    reveal();
  }

  function reveal() {
    const state = stateOf(chosen >= 0, audience, lesson.id);
    const leads = audience.role() === "leader";
    counted.hidden = !leads;
    for (const one of tallies) one.hidden = !leads;
    buttons.forEach((button, at) => {
      button.disabled = state !== "open";
      if (chosen >= 0 && !leads) button.setAttribute("aria-pressed", String(at === chosen));
      else button.removeAttribute("aria-pressed");
    });
    verdict.textContent = state === "waiting" ? say("waiting") : "";
    if (state !== "shown") return;
    if (values === null) verdict.textContent = say("measuring");
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
        value.textContent = [spellFigure(lesson.figures[figure], values, figure, words), unit]
          .filter(Boolean)
          .join(" ");
        buttons[at].classList.toggle("right", at === right);
      });
      const mine = leads ? undefined : options[chosen]?.label;
      if (mine) onCommit({ measured: options[right].figure });
      const isRight = mine === options[right].label;
      const also = mine ? [say("chosen", { label: mine })] : [];
      verdict.textContent = isRight
        ? say("is_right", { label: mine })
        : [say("is_other", { label: options[right].label }), ...also].join(" ");
    }
  }

  reveal();
  return {
    element,
    fill(next) {
      values = next;
      reveal();
    },
    count({ guesses, followers }) {
      const counts = options.map(({ figure }) => guesses[figure] ?? 0);
      tallies.forEach((one, at) => {
        one.textContent = String(counts[at]);
        one.setAttribute("aria-label", say("of_the_class", { count: counts[at] }));
      });
      counted.textContent = countOf(
        counts.reduce((sum, one) => sum + one, 0),
        followers,
        words,
      );
    },
    refresh: reveal,
  };
}

/** @param {number} count @param {number} followers @param {import("./words.js").Words} words */
const countOf = (count, followers, { say }) =>
  [
    count === 1 ? say("one_prediction") : say("predictions", { count }),
    followers === 1 ? say("one_screen") : say("screens", { count: followers }),
  ].join(" · ");

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

/** @param {number} value @param {import("./words.js").Words} words */
function short(value, words) {
  if (value >= 1e6) return `${value / 1e6}M`;
  return words.number(value, Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : 1);
}
