import { el } from "../dom.js";

/**
 * Questions to recall by. What is chosen is answered at once with why; nothing is graded.
 *
 * @param {import("./lessons.js").Question[]} questions
 * @param {import("./words.js").Words} words
 * @param {(number | null)[]} answers chosen before, from 1
 * @param {(answers: (number | null)[]) => void} onAnswer
 * @returns {HTMLElement}
 */
export function createQuestions(questions, words, answers, onAnswer) {
  const chosen = questions.map((_, at) => answers[at] ?? null);
  return el("ol", { class: "questions" }, ...questions.map(question));

  /** @param {import("./lessons.js").Question} one @param {number} at */
  function question({ ask, choices, answer, because }, at) {
    const said = el("p", { class: "because", role: "status" });
    const buttons = choices.map((text, index) =>
      el("button", { class: "choice-of-answer", type: "button", text, on: { click: () => choose(index + 1) } }),
    );

    /** @param {number} number */
    function choose(number) {
      chosen[at] = number;
      show();
      onAnswer([...chosen]);
    }

    function show() {
      const mine = chosen[at];
      if (mine === null) return;
      buttons.forEach((button, index) => {
        const number = index + 1;
        button.setAttribute("aria-pressed", String(number === mine));
        button.classList.toggle("right", number === answer);
        button.classList.toggle("wrong", number === mine && number !== answer);
      });
      said.textContent = words.say(mine === answer ? "right" : "not_quite", { choice: choices[answer - 1], because });
    }

    show();
    return el(
      "li",
      {},
      el("p", { class: "ask", text: ask }),
      el("div", { class: "answers", role: "group", "aria-label": ask }, ...buttons),
      said,
    );
  }
}
