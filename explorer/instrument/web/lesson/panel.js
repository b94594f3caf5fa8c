import { el } from "../dom.js";
import { CARDS, lessonLink, setupOf } from "./lessons.js";
import { createPrediction } from "./predict.js";
import { createQuestions } from "./questions.js";
import { createText } from "./text.js";

const TITLES = { look: "Look", predict: "Predict", do: "Do", why: "Why", check: "Check" };

/**
 * The lesson beside the instrument: one card at a time.
 *
 * @param {{lesson: import("./lessons.js").Lesson, lessons: import("./lessons.js").Lesson[], assets: string,
 *   progress: ReturnType<typeof import("./progress.js").createProgress>, audience: import("../classroom/classroom.js").Audience,
 *   go(step: number): void, close(): void, showAll(on: boolean): void}} options
 * @returns {{element: HTMLElement, show(step: number, values: import("./lessons.js").Values): void,
 *   fill(values: import("./lessons.js").Values): void, live(values: Record<string, number | null>): void,
 *   count(tally: import("../classroom/api.js").Tally): void, refresh(): void, turn(by: number): void}} `live`: what the
 *   instrument measures now, by the name of the probe; `count`: what the class predicts; `refresh`: what this screen is to a
 *   class has changed; `turn` goes on or back, within the lesson
 */
export function createLessonPanel({ lesson, lessons, assets, progress, audience, go, close, showAll }) {
  let step = 0;
  /** @type {(values: import("./lessons.js").Values) => void} */
  let filled = () => {};
  /** @type {(values: Record<string, number | null>) => void} */
  let lived = () => {};
  /** @type {ReturnType<typeof createPrediction> | null} */
  let prediction = null;

  const steps = CARDS.map((card, at) =>
    el("button", {
      class: "lesson-step",
      type: "button",
      text: TITLES[/** @type {keyof typeof TITLES} */ (card)],
      on: { click: () => go(at) },
    }),
  );
  const card = el("div", { class: "lesson-card", tabindex: -1 });
  const back = el("button", { class: "action", type: "button", text: "Back", on: { click: () => go(step - 1) } });
  const next = el("button", { class: "lesson-main", type: "button", on: { click: onward } });
  const fold = el("button", {
    class: "action lesson-fold",
    type: "button",
    text: "Hide",
    "aria-expanded": "true",
    on: {
      click() {
        const isFolded = element.classList.toggle("folded");
        fold.textContent = isFolded ? "Show the lesson" : "Hide";
        fold.setAttribute("aria-expanded", String(!isFolded));
      },
    },
  });
  const all = el("button", {
    class: "action lesson-all",
    type: "button",
    text: "All panels",
    "aria-pressed": "false",
    title: "Show also what this card does not need",
    on: {
      click() {
        const on = all.getAttribute("aria-pressed") !== "true";
        all.setAttribute("aria-pressed", String(on));
        showAll(on);
      },
    },
  });
  const element = el(
    "aside",
    { class: "lesson", "aria-label": `Lesson ${lesson.number}: ${lesson.title}` },
    el(
      "header",
      { class: "lesson-head" },
      el("p", { class: "lesson-kicker", text: `Lesson ${lesson.number} · ${lesson.minutes} min` }),
      el("h2", { text: lesson.title }),
      fold,
      el("button", { class: "action", type: "button", text: "Leave", on: { click: close } }),
    ),
    el("nav", { class: "lesson-steps", "aria-label": "Cards of this lesson" }, ...steps),
    card,
    el("footer", { class: "lesson-foot" }, back, all, next),
  );

  /** The lesson after this one, by number. */
  const following = () => lessons.find(({ number }) => number > lesson.number);

  /** A class sees the answer before it goes on. */
  const toReveal = () => CARDS[step] === "predict" && audience.role() === "leader" && !audience.isRevealed(lesson.id);

  function onward() {
    if (toReveal()) return audience.reveal();
    if (step < CARDS.length - 1) return go(step + 1);
    const after = following();
    const query = after ? `?${lessonLink(after.id)}` : location.pathname;
    location.assign(query);
  }

  /** The questions of what this lesson builds on, to be recalled before it begins. */
  function recall() {
    const before = lessons.filter(({ id }) => lesson.needs.includes(id) && progress.of(id).done);
    return before.map(({ title, questions }) =>
      el(
        "details",
        { class: "recall" },
        el("summary", { text: `First recall: three questions from “${title}”` }),
        createQuestions(questions, [], () => {}),
      ),
    );
  }

  return {
    element,
    show(at, values) {
      const moved = at !== step;
      step = at;
      const name = CARDS[at];
      const text = createText(lesson.text[name] ?? [], {
        figures: lesson.figures,
        assets,
        model: setupOf(lesson, name).model,
      });
      /** @type {(HTMLElement | null)[]} */
      const content = [...(name === "look" ? recall() : []), ...text.elements];
      filled = text.fill;
      lived = text.live;
      prediction = null;
      if (name === "predict") {
        const asked = createPrediction({
          lesson,
          kept: progress.of(lesson.id),
          audience,
          onCommit(change) {
            progress.note(lesson.id, change);
            if (change.prediction !== undefined) audience.guess(lesson.id, String(change.prediction));
            nameNext();
          },
        });
        prediction = asked;
        content.push(asked.element);
        filled = (found) => {
          text.fill(found);
          asked.fill(found);
        };
      }
      if (name === "check") {
        const answers = progress.of(lesson.id).answers ?? [];
        content.push(
          createQuestions(lesson.questions, answers, (given) => progress.note(lesson.id, { answers: given })),
        );
        content.push(
          el(
            "p",
            { class: "misconception" },
            el("strong", { text: "Often said, and wrong: " }),
            `“${lesson.misconception}”`,
          ),
        );
        progress.note(lesson.id, { done: true });
      }
      card.replaceChildren(...content.filter((one) => one !== null));
      filled(values);
      steps.forEach((button, index) => {
        if (index === at) button.setAttribute("aria-current", "step");
        else button.removeAttribute("aria-current");
      });
      back.disabled = at === 0;
      nameNext();
      if (moved) {
        card.scrollTop = 0;
        card.focus({ preventScroll: true });
      }
    },
    fill(values) {
      filled(values);
    },
    live: (values) => lived(values),
    count: (tally) => prediction?.count(tally),
    refresh() {
      prediction?.refresh();
      nameNext();
    },
    turn(by) {
      if (by < 0) go(step - 1);
      else if (step < CARDS.length - 1) onward();
    },
  };

  function nameNext() {
    const isAsked = CARDS[step] === "predict" && audience.role() !== "leader" && !audience.isRevealed(lesson.id);
    const isOpen = isAsked && progress.of(lesson.id).prediction === undefined;
    const after = following();
    if (step === CARDS.length - 1) next.textContent = after ? `Next lesson: ${after.title}` : "To the instrument";
    else next.textContent = toReveal() ? "Show the answer" : isOpen ? "Skip the prediction" : "Next";
    next.classList.toggle("is-quiet", isOpen);
  }
}
