import { clinicLink } from "../clinic/clinic.js";
import { el } from "../dom.js";
import { CARDS, lessonLink, setupOf } from "./lessons.js";
import { createPrediction } from "./predict.js";
import { createQuestions } from "./questions.js";
import { createGate, recalled } from "./recall.js";
import { createText } from "./text.js";

const TITLES = { look: "Look", predict: "Predict", do: "Do", why: "Why", check: "Check" };

/**
 * The lesson beside the instrument: one card at a time.
 *
 * @param {{lesson: import("./lessons.js").Lesson, lessons: import("./lessons.js").Lesson[], assets: string,
 *   clinic: string | null, progress: ReturnType<typeof import("./progress.js").createProgress>,
 *   audience: import("../classroom/classroom.js").Audience, go(step: number): void, close(): void,
 *   showAll(on: boolean): void}} options
 * @returns {{element: HTMLElement, show(step: number, values: import("./lessons.js").Values): void,
 *   fill(values: import("./lessons.js").Values): void, live(values: Record<string, number | null>): void,
 *   count(tally: import("../classroom/api.js").Tally): void, refresh(): void, turn(by: number): void}} `live`: what the
 *   instrument measures now, by the name of the probe; `count`: what the class predicts; `refresh`: what this screen is to a
 *   class has changed; `turn` goes on or back, within the lesson
 */
export function createLessonPanel({ lesson, lessons, assets, clinic, progress, audience, go, close, showAll }) {
  let step = 0;
  /** What its gate waits for: "" where it is open. @type {"" | "asked" | "answered"} */
  let gate = "";
  /** @type {import("./lessons.js").Values} */
  let measured = null;
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
  // It may scroll, which the keyboard can only do where it has the focus.
  const card = el("div", { class: "lesson-card", tabindex: 0 });
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
    if (gate) return enter();
    if (toReveal()) return audience.reveal();
    if (step < CARDS.length - 1) return go(step + 1);
    const after = following();
    const query = after ? `?${lessonLink(after.id)}` : location.pathname;
    location.assign(query);
  }

  /** Through the gate, answered or skipped. */
  function enter() {
    gate = "";
    progress.note(lesson.id, { recalled: true });
    panel.show(0, measured);
    card.focus({ preventScroll: true });
  }

  /** Where the lesson's bugs can be found and cured. */
  function practice() {
    if (lesson.clinic === null || clinic === null) return null;
    const [patient, text] = lesson.clinic
      ? [lesson.clinic, `Go to patient ${lesson.clinic} of the collapse clinic`]
      : [undefined, "Go to the collapse clinic"];
    const href = `${clinic}?${clinicLink(patient)}`;
    return el("p", {}, el("a", { class: "lesson-practice", href, target: "_top", text }));
  }

  const panel = {
    element,
    /** @param {number} at @param {import("./lessons.js").Values} values */
    show(at, values) {
      const moved = at !== step;
      step = at;
      measured = values;
      const name = CARDS[at];
      // A class that is led goes where its teacher goes.
      const isGated = name === "look" && audience.role() === null;
      const before = isGated ? recalled(lesson, lessons, progress.all()) : null;
      gate = before ? "asked" : "";
      const text = createText(lesson.text[name] ?? [], {
        figures: lesson.figures,
        assets,
        model: setupOf(lesson, name).model,
      });
      /** @type {(HTMLElement | null)[]} */
      const content = before ? [createGate(before, answered)] : text.elements;
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
          practice(),
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
    /** @param {import("./lessons.js").Values} values */
    fill(values) {
      measured = values;
      filled(values);
    },
    /** @param {Record<string, number | null>} values */
    live: (values) => lived(values),
    /** @param {import("../classroom/api.js").Tally} tally */
    count: (tally) => prediction?.count(tally),
    refresh() {
      prediction?.refresh();
      nameNext();
    },
    /** @param {number} by */
    turn(by) {
      if (by < 0) go(step - 1);
      else if (step < CARDS.length - 1) onward();
    },
  };
  return panel;

  function answered() {
    gate = "answered";
    nameNext();
  }

  function nameNext() {
    if (gate) {
      next.textContent = gate === "answered" ? "Begin the lesson" : "Skip the questions";
      next.classList.toggle("is-quiet", gate === "asked");
      return;
    }
    const isAsked = CARDS[step] === "predict" && audience.role() !== "leader" && !audience.isRevealed(lesson.id);
    const isOpen = isAsked && progress.of(lesson.id).prediction === undefined;
    const after = following();
    if (step === CARDS.length - 1) next.textContent = after ? `Next lesson: ${after.title}` : "To the instrument";
    else next.textContent = toReveal() ? "Show the answer" : isOpen ? "Skip the prediction" : "Next";
    next.classList.toggle("is-quiet", isOpen);
  }
}
