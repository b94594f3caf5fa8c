import { clinicLink } from "../clinic/clinic.js";
import { el } from "../dom.js";
import { linkTo } from "../shelf/held.js";
import { createGoal } from "./goal.js";
import { CARDS, lessonLink, setupOf } from "./lessons.js";
import { createPrediction } from "./predict.js";
import { createQuestions } from "./questions.js";
import { createGate, recalled } from "./recall.js";
import { createText } from "./text.js";
import { createWords, inLanguage } from "./words.js";

/**
 * The lesson beside the instrument: one card at a time.
 *
 * @param {{lesson: import("./lessons.js").Lesson, original: import("./lessons.js").Lesson, listed: import("./lessons.js").Lessons,
 *   language: string, words: import("./words.js").Words, assets: string, clinic: string | null,
 *   progress: ReturnType<typeof import("./progress.js").createProgress>, audience: import("../classroom/classroom.js").Audience, go(step: number): void, close(): void,
 *   showAll(on: boolean): void}} options `lesson` is `original` in the language of `words`; `language`: what was asked for,
 *   which the next lesson may have
 * @returns {{element: HTMLElement, show(step: number, values: import("./lessons.js").Values): void,
 *   fill(values: import("./lessons.js").Values): void, live(now: import("./goal.js").Now): void,
 *   count(tally: import("../classroom/api.js").Tally): void, refresh(): void, turn(by: number): void, remove(): void}} `live`: what the
 *   instrument measures now, by the name of the probe; `count`: what the class predicts; `refresh`: what this screen is to a
 *   class has changed; `turn` goes on or back, within the lesson
 */
export function createLessonPanel({
  lesson,
  original,
  listed,
  language,
  words,
  assets,
  clinic,
  progress,
  audience,
  go,
  close,
  showAll,
}) {
  const { say } = words;
  let step = 0;
  /** What its gate waits for: "" where it is open. @type {"" | "asked" | "answered"} */
  let gate = "";
  /** @type {import("./lessons.js").Values} */
  let measured = null;
  /** @type {(values: import("./lessons.js").Values) => void} */
  let filled = () => {};
  /** @type {(now: import("./goal.js").Now) => void} */
  let lived = () => {};
  /** @type {ReturnType<typeof createPrediction> | null} */
  let prediction = null;
  /** Ends with the card. */
  let mine = new AbortController();

  const steps = CARDS.map((card, at) =>
    el("button", {
      class: "lesson-step",
      type: "button",
      text: words.card(card),
      on: { click: () => go(at) },
    }),
  );
  // It may scroll, which the keyboard can only do where it has the focus.
  const card = el("div", { class: "lesson-card", tabindex: 0 });
  const back = el("button", { class: "action", type: "button", text: say("back"), on: { click: () => go(step - 1) } });
  const next = el("button", { class: "lesson-main", type: "button", on: { click: onward } });
  const fold = el("button", {
    class: "action lesson-fold",
    type: "button",
    text: say("hide"),
    "aria-expanded": "true",
    on: {
      click() {
        const isFolded = element.classList.toggle("folded");
        fold.textContent = isFolded ? say("show") : say("hide");
        fold.setAttribute("aria-expanded", String(!isFolded));
      },
    },
  });
  const all = el("button", {
    class: "action lesson-all",
    type: "button",
    text: say("all_panels"),
    "aria-pressed": "false",
    title: say("all_panels_why"),
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
    {
      class: "lesson",
      lang: words.language,
      "aria-label": say("lesson", { number: lesson.number, title: lesson.title }),
    },
    el(
      "header",
      { class: "lesson-head" },
      el("p", { class: "lesson-kicker", text: say("kicker", { number: lesson.number, minutes: lesson.minutes }) }),
      el("h2", { text: lesson.title }),
      languages(),
      fold,
      el("button", { class: "action", type: "button", text: say("leave"), on: { click: close } }),
    ),
    untranslated(),
    el("nav", { class: "lesson-steps", "aria-label": say("cards") }, ...steps),
    card,
    el("footer", { class: "lesson-foot" }, back, all, next),
  );

  /** The lesson after this one, by number. */
  function following() {
    const after = listed.lessons.find(({ number }) => number > lesson.number);
    return after && inLanguage(after, words.language);
  }

  /** Links to this card in its other languages. */
  function languages() {
    const others = ["en", ...Object.keys(original.translations)].filter((one) => one !== words.language);
    const links = others.map((one) =>
      el("a", { lang: one, hreflang: one, text: listed.words[one].name, "data-language": one }),
    );
    return el("nav", { class: "lesson-languages", "aria-label": say("languages"), hidden: !links.length }, ...links);
  }

  /** A word to who asked for a language that it does not have. */
  function untranslated() {
    if (language === words.language) return null;
    const text = createWords(language, listed.words[language]).say("only_here", { language: words.name });
    return el("p", { class: "lesson-untranslated", lang: language, text });
  }

  /** A class sees the answer before it goes on. */
  const toReveal = () => CARDS[step] === "predict" && audience.role() === "leader" && !audience.isRevealed(lesson.id);

  function onward() {
    if (gate) return enter();
    if (toReveal()) return audience.reveal();
    if (step < CARDS.length - 1) return go(step + 1);
    const after = following();
    if (after) location.assign(linkTo(lessonLink(after.id, 1, language)));
    else close();
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
      ? [lesson.clinic, say("patient", { number: lesson.clinic })]
      : [undefined, say("clinic")];
    const href = `${clinic}${linkTo(clinicLink(patient))}`;
    return el("p", {}, el("a", { class: "lesson-practice", href, target: "_top", text }));
  }

  const panel = {
    element,
    remove() {
      mine.abort();
      element.remove();
    },
    /** @param {number} at @param {import("./lessons.js").Values} values */
    show(at, values) {
      const moved = at !== step;
      step = at;
      measured = values;
      const name = CARDS[at];
      // A class that is led goes where its teacher goes.
      const isGated = name === "look" && audience.role() === null;
      const before = isGated ? recalled(lesson, listed.lessons, progress.all()) : null;
      gate = before ? "asked" : "";
      mine.abort();
      mine = new AbortController();
      const text = createText(lesson.text[name] ?? [], {
        figures: lesson.figures,
        assets,
        words,
        gone: mine.signal,
        model: setupOf(lesson, name).model,
      });
      /** @type {(HTMLElement | null)[]} */
      const content = before ? [createGate(inLanguage(before, words.language), words, answered)] : text.elements;
      filled = text.fill;
      lived = ({ values }) => text.live(values);
      prediction = null;
      if (name === "predict") {
        const asked = createPrediction({
          lesson,
          words,
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
      if (name === "do" && lesson.goal) {
        const goal = createGoal({
          goal: lesson.goal,
          figure: lesson.goal.figure === null ? null : lesson.figures[lesson.goal.figure],
          words,
          before: progress.of(lesson.id).reached ?? null,
          onReached: (value) => progress.note(lesson.id, { reached: Number(value.toPrecision(4)) }),
        });
        content.push(goal.element);
        lived = (now) => {
          text.live(now.values);
          goal.live(now);
        };
      }
      if (name === "check") {
        const answers = progress.of(lesson.id).answers ?? [];
        content.push(
          practice(),
          createQuestions(lesson.questions, words, answers, (given) => progress.note(lesson.id, { answers: given })),
        );
        content.push(
          el(
            "p",
            { class: "misconception" },
            el("strong", { text: say("misconception") }),
            ` ${say("quoted", { text: lesson.misconception })}`,
          ),
        );
        progress.note(lesson.id, { done: true });
      }
      card.replaceChildren(...content.filter((one) => one !== null));
      filled(values);
      for (const link of element.querySelectorAll("[data-language]"))
        link.setAttribute(
          "href",
          linkTo(lessonLink(lesson.id, at + 1, /** @type {HTMLElement} */ (link).dataset.language)),
        );
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
    /** @param {import("./goal.js").Now} now */
    live: (now) => lived(now),
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
      next.textContent = say(gate === "answered" ? "begin" : "skip_questions");
      next.classList.toggle("is-quiet", gate === "asked");
      return;
    }
    const isAsked = CARDS[step] === "predict" && audience.role() !== "leader" && !audience.isRevealed(lesson.id);
    const isOpen = isAsked && progress.of(lesson.id).prediction === undefined;
    const after = following();
    if (step === CARDS.length - 1)
      next.textContent = after ? say("next_lesson", { title: after.title }) : say("to_instrument");
    else next.textContent = say(toReveal() ? "show_answer" : isOpen ? "skip_prediction" : "next");
    next.classList.toggle("is-quiet", isOpen);
  }
}
