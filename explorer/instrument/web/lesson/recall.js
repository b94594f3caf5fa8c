import { el } from "../dom.js";
import { createQuestions } from "./questions.js";

/**
 * The lesson whose questions stand before another one opens: of those that it builds on, else of all, the one that was done
 * last. Nothing where none was done, or where they stood there before.
 *
 * @param {import("./lessons.js").Lesson} lesson
 * @param {import("./lessons.js").Lesson[]} lessons
 * @param {Record<string, import("./progress.js").Progress>} progress
 * @returns {import("./lessons.js").Lesson | null}
 */
export function recalled(lesson, lessons, progress) {
  if (progress[lesson.id]?.recalled) return null;
  const done = lessons.filter(({ id }) => id !== lesson.id && progress[id]?.done);
  const needed = done.filter(({ id }) => lesson.needs.includes(id));
  const since = (/** @type {import("./lessons.js").Lesson} */ { id }) => progress[id]?.at ?? "";
  return (needed.length ? needed : done).sort((a, b) => since(b).localeCompare(since(a)))[0] ?? null;
}

/**
 * The gate: the questions of a lesson before, of which none is graded.
 *
 * @param {import("./lessons.js").Lesson} before
 * @param {import("./words.js").Words} words
 * @param {() => void} onAll when all were answered
 */
export function createGate({ title, questions }, words, onAll) {
  return el(
    "section",
    { class: "recall", "aria-label": words.say("recall") },
    el("p", {}, el("strong", { text: words.say("before") }), ` ${words.say("recalled", { title })}`),
    createQuestions(questions, words, [], (answers) => {
      if (answers.every((answer) => answer !== null)) onAll();
    }),
  );
}
