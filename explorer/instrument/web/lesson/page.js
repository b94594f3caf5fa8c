import { el } from "../dom.js";
import { saveBlob } from "../export/save-blob.js";
import { createFrame } from "../page/frame.js";
import { isHeld, linkTo } from "../shelf/held.js";
import { CARDS, fetchLessons, lessonLink } from "./lessons.js";
import { asCsv, createProgress } from "./progress.js";
import { createWords } from "./words.js";

/**
 * The page that lists the lessons: in the order of a class or of one who learns alone, with how far one is.
 *
 * @param {HTMLElement} root
 * @param {{assets: string, instrument: string}} options `instrument`: the address of the page that a lesson stands on
 * @returns {{destroy(): void}}
 */
export function mount(root, { assets, instrument }) {
  const frame = createFrame(root, { assets, name: "lessons" });
  const progress = createProgress();
  let gone = false;
  open();
  return {
    destroy() {
      gone = true;
      frame.destroy();
    },
  };

  async function open() {
    frame.wait("Opening the lessons …");
    try {
      const [listed] = await Promise.all([fetchLessons(assets), frame.styled]);
      if (!gone) frame.show(page(listed));
    } catch (error) {
      console.error(error);
      if (!gone)
        frame.block("The lessons could not be fetched: check that the explorer is running, then reload the page.");
    }
  }

  /** @param {import("./lessons.js").Lessons} listed */
  function page(listed) {
    const list = el("div", { class: "lesson-lists" });
    /** @type {[string, [string, number[]][]][]} */
    const orders = [
      ["For a class", Object.entries(listed.class)],
      ["For learning on your own", [["", listed.alone]]],
    ];
    const tabs = orders.map(([name, groups]) =>
      el("button", { class: "lesson-order", type: "button", text: name, on: { click: () => show(groups) } }),
    );

    /** @param {[string, number[]][]} groups */
    function show(groups) {
      tabs.forEach((tab, at) => {
        tab.setAttribute("aria-pressed", String(orders[at][1] === groups));
      });
      list.replaceChildren(
        ...groups.map(([title, numbers]) => {
          const lessons = numbers.flatMap((number) => listed.lessons.filter((one) => one.number === number));
          const minutes = lessons.reduce((sum, one) => sum + one.minutes, 0);
          return el(
            "section",
            { class: "lesson-group" },
            el("h2", { text: `${title ? `${title} · ` : ""}${minutes} minutes` }),
            // A page that holds a few lessons has no whole hour.
            title.endsWith(" hour") && lessons.length === numbers.length
              ? el("p", { class: "hint", text: `The other ${60 - minutes} are for joining and for questions.` })
              : null,
            el("ol", { class: "lesson-list" }, ...lessons.map((lesson) => row(lesson, listed.words))),
          );
        }),
      );
    }

    show(orders[0][1]);
    return el(
      "div",
      {},
      el("h1", { text: "Lessons" }),
      el("p", {
        class: "lessons-lead",
        text:
          "Each lesson has five cards beside the real instrument: look, predict, do, why, check. Every figure in them is measured on the " +
          "models that are here.",
      }),
      el("div", { class: "lesson-orders", role: "group", "aria-label": "Order" }, ...tabs),
      list,
      el(
        "p",
        { class: "lessons-foot" },
        "Your progress is kept in this browser only. ",
        save(
          "Save it as JSON",
          "lessons.json",
          "application/json",
          () => `${JSON.stringify(progress.all(), null, 2)}\n`,
        ),
        save("Save it as CSV", "lessons.csv", "text/csv", () => asCsv(progress.all())),
      ),
    );
  }

  /** @param {import("./lessons.js").Lesson} lesson @param {Record<string, import("./words.js").Table>} words */
  function row({ id, number, title, idea, minutes, core, translations }, words) {
    const { step = 0, done = false } = progress.of(id);
    const card = done || !step ? 1 : step;
    const state = done ? "Done" : step ? `At card ${step} of ${CARDS.length}` : "Not started";
    return el(
      "li",
      { class: `lesson-row${done ? " done" : ""}`, value: number },
      el("a", { href: `${instrument}${linkTo(lessonLink(id, card))}`, target: "_top", text: title }),
      ...Object.entries(translations).map(([language, translated]) =>
        el("a", {
          class: "lesson-translation",
          href: `${instrument}${linkTo(lessonLink(id, card, language))}`,
          target: "_top",
          lang: language,
          hreflang: language,
          text: `${words[language].name}: ${translated.title}`,
        }),
      ),
      el("span", { class: "lesson-facts", text: `${minutes} min${core ? " · core" : ""} · ${state}` }),
      el("p", { text: idea }),
      // Not in a page to hand out: it has the answers.
      ...(isHeld() ? [] : ["en", ...Object.keys(translations)].map(forTeacher)),
    );

    /** @param {string} language */
    function forTeacher(language) {
      const { say } = createWords(language, words[language]);
      const of = say("quoted", { text: (translations[language] ?? { title }).title });
      return el("a", {
        class: "lesson-teacher",
        href: new URL(`../lessons/${id}/${language === "en" ? "" : `${language}/`}teacher.html`, assets).href,
        target: "_blank",
        lang: language,
        hreflang: language,
        text: say("teacher"),
        "aria-label": `${say("teacher")}: ${of}`,
      });
    }
  }

  /** @param {string} text @param {string} name @param {string} type @param {() => string} content */
  function save(text, name, type, content) {
    return el("button", {
      class: "action",
      type: "button",
      text,
      on: {
        click: () => saveBlob(new Blob([content()], { type }), name),
      },
    });
  }
}
