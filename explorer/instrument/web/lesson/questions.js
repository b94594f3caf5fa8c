import { el } from "../dom.js";

/**
 * Questions to recall by, one at a time. What is chosen is answered at once with why; nothing is graded.
 *
 * @param {import("./lessons.js").Question[]} questions
 * @param {import("./words.js").Words} words
 * @param {(number | null)[]} answers chosen before, from 1
 * @param {(answers: (number | null)[]) => void} onAnswer
 * @returns {HTMLElement}
 */
export function createQuestions(questions, words, answers, onAnswer) {
  const { say } = words;
  const chosen = questions.map((_, at) => answers[at] ?? null);
  const items = questions.map(question);
  const steps = questions.map((_, at) =>
    el("button", {
      class: "question-step",
      type: "button",
      text: String(at + 1),
      "aria-label": say("question", { number: at + 1, count: questions.length }),
      on: { click: () => show(at) },
    }),
  );
  const onward = el("button", {
    class: "lesson-main next-question",
    type: "button",
    text: say("next_question"),
    on: {
      click() {
        show(now + 1);
        items[now].querySelector("button")?.focus();
      },
    },
  });
  let now = 0;
  show(Math.max(0, chosen.indexOf(null)));
  return el(
    "div",
    { class: "questions" },
    ...items,
    el("div", { class: "question-foot" }, el("div", { class: "question-steps" }, ...steps), onward),
  );

  /** @param {number} at the question that stands there */
  function show(at) {
    now = at;
    items.forEach((item, index) => {
      item.hidden = index !== at;
      steps[index].classList.toggle("answered", chosen[index] !== null);
      if (index === at) steps[index].setAttribute("aria-current", "step");
      else steps[index].removeAttribute("aria-current");
    });
    onward.hidden = chosen[at] === null || at === items.length - 1;
  }

  /** @param {import("./lessons.js").Question} one @param {number} at */
  function question({ ask, choices, answer, because }, at) {
    const said = el("p", { class: "because", role: "status" });
    const buttons = choices.map((text, index) =>
      el("button", { class: "choice-of-answer", type: "button", text, on: { click: () => choose(index + 1) } }),
    );

    /** @param {number} number */
    function choose(number) {
      chosen[at] = number;
      mark();
      show(at);
      onAnswer([...chosen]);
    }

    function mark() {
      const mine = chosen[at];
      if (mine === null) return;
      buttons.forEach((button, index) => {
        const number = index + 1;
        button.setAttribute("aria-pressed", String(number === mine));
        button.classList.toggle("right", number === answer);
        button.classList.toggle("wrong", number === mine && number !== answer);
      });
      said.textContent = say(mine === answer ? "right" : "not_quite", { choice: choices[answer - 1], because });
    }

    mark();
    return el(
      "div",
      {},
      el("p", { class: "ask", text: ask }),
      el("div", { class: "answers", role: "group", "aria-label": ask }, ...buttons),
      said,
    );
  }
}
