import { clamp } from "../clamp.js";
import { el, isolated } from "../dom.js";
import { named } from "../link.js";
import { fetchFile } from "../shelf/held.js";
import { speak } from "../spoken.js";
import { createFolding } from "./folding.js";
import { createLessonPanel } from "./panel.js";
import { createProgress } from "./progress.js";
import { createWords, inLanguage, knownLanguage } from "./words.js";

/**
 * What `lessons.json` has: the front matter of a lesson file and the blocks of its cards.
 *
 * @typedef {{kind: "text" | "strong" | "emphasis" | "code" | "tex" | "figure", text: string}} Piece
 * @typedef {{kind: "paragraph" | "item" | "formula", reading?: import("../page/reading.js").Reading, parts?: Piece[], terms?: {tex: string, figure: string | null}[]}} Block
 * @typedef {{model?: string | null, page?: string | null, compare?: string[], example?: number | null, z?: string | null, axes?: string | null,
 *   colour?: string | null, temperature?: number | null, noise?: string | null, unused?: boolean, show?: string[]}} Setup
 * @typedef {{probe: string, title: string, unit: string, how: string, panel: string, decimals: number, on: Record<string, string | number>}} Figure
 * @typedef {{ask: string, figure: string | null, axis: [number, number] | null, scale: "linear" | "log",
 *   options: {label: string, figure: string}[], wanted: "largest" | "smallest"}} Predict
 * @typedef {{ask: string, choices: string[], answer: number, because: string}} Question
 * @typedef {{id: string, number: number, title: string, idea: string, minutes: number, misconception: string, core: boolean,
 *   needs: string[], clinic: number | null, setup: Setup, cards: Record<string, Setup>, figures: Record<string, Figure>, predict: Predict, goal: import("./goal.js").Goal | null,
 *   questions: Question[], text: Record<string, Block[]>, translations: Record<string, Lesson>}} Lesson
 * @typedef {{lessons: Lesson[], class: Record<string, number[]>, alone: number[],
 *   words: Record<string, import("./words.js").Table>}} Lessons `translations` and `words` by the code of a language
 *
 * What was measured, by the name of the figure; nothing while it is on its way, a sentence where it cannot be had.
 *
 * @typedef {Record<string, number> | string | null} Values
 */

export const CARDS = ["look", "predict", "do", "why", "check"];
const [LESSON, STEP, LANGUAGE] = ["lesson", "step", "lang"];

const UNREACHABLE = "The lesson could not be fetched: check that the explorer is running, then reload the page.";

/** @param {string} assets @returns {Promise<Lessons>} */
export async function fetchLessons(assets) {
  const answer = await fetchFile(new URL("../lessons.json", assets));
  if (!answer.ok) throw new Error(`lessons.json: ${answer.status}`);
  return answer.json();
}

/** @param {string} query @returns {boolean} whether a link opens a lesson */
export const isLesson = (query) => named(query, LESSON) !== null;

/** @param {string} id @param {number} [step] from 1 @param {string} [language] @returns {string} the query of a card */
export const lessonLink = (id, step = 1, language = "en") =>
  new URLSearchParams({
    [LESSON]: id,
    [STEP]: String(step),
    ...(language === "en" ? {} : { [LANGUAGE]: language }),
  }).toString();

/** @param {Setup} setup @returns {string} the query of what the instrument shows */
export function queryOf({ model, compare = [], example, z, axes, colour, temperature, noise, unused }) {
  const query = new URLSearchParams();
  // Side by side, each stays where its own sliders put it: the same z means another image to each.
  const several = compare.length ? { compare: compare.join(","), apart: "yes" } : {};
  const fields = { model: model ?? compare[0], ...several };
  for (const [key, value] of Object.entries({ ...fields, example, z, axes, colour, temperature, noise }))
    if (value !== null && value !== undefined) query.set(key, String(value));
  if (unused) {
    query.set("inactive", "shown");
    for (const at of compare.keys()) if (at) query.set(`${at + 1}.inactive`, "shown");
  }
  return query.toString().replaceAll("%2C", ",");
}

/** @param {Lesson} lesson @param {string} card @returns {Setup} its own, over that of the lesson */
export function setupOf({ setup, cards }, card) {
  const own = Object.entries(cards[card] ?? {}).filter(([, value]) =>
    Array.isArray(value) ? value.length > 0 : Boolean(value) || value === 0,
  );
  return { ...setup, ...Object.fromEntries(own) };
}

/**
 * The lesson that a link names, beside the instrument: it says what the instrument opens, and every link that is written
 * leads back to its card.
 *
 * @param {{assets: string, clinic: string | null, link: {read(): string, write(query: string): void},
 *   frame: {element: HTMLElement, messages: ReturnType<typeof import("../page/messages.js").createMessages>}, audience: import("../classroom/classroom.js").Audience, restart(): void}} options `clinic`: the
 *   address of the collapse clinic, where there is one; `restart` opens what the link says
 */
export function createLessons({ assets, clinic, link: outer, frame, audience, restart }) {
  /** @type {Lesson | null} */
  let lesson = null;
  let step = 0;
  /** What its links ask for, whether or not it has been translated. */
  let language = "en";
  // As the link spells it: of a language that is not here, which opens in English.
  let spelled = "en";
  /** @type {Values} */
  let values = null;
  const folding = createFolding(frame.element);
  /** @type {ReturnType<typeof createLessonPanel> | null} */
  let panel = null;
  let unmeasured = "";
  const progress = createProgress();
  const stop = new AbortController();

  /** @param {string} query of what is on screen @returns {string} which leads back to its card */
  const compose = (query) =>
    lesson ? [query, lessonLink(lesson.id, step + 1, language)].filter(Boolean).join("&") : query;

  const link = {
    read: outer.read,
    /** @param {string} query */
    write: (query) => outer.write(compose(query)),
  };

  /**
   * What to open at first. A link that names a lesson and no model opens what its card asks for.
   *
   * @returns {Promise<string>}
   */
  async function opening() {
    const query = outer.read();
    if (!lesson) await openLesson(query);
    return lesson && named(query, "model") === null ? queryOf(setupOf(lesson, CARDS[step])) : query;
  }

  /** @param {string} query */
  const stepIn = (query) => clamp(Number.parseInt(named(query, STEP) ?? "1", 10) || 1, 1, CARDS.length) - 1;

  /** @param {string} query the lesson that it names, if any, stands beside the instrument */
  async function openLesson(query) {
    const id = named(query, LESSON);
    if (id === null) return;
    try {
      const listed = await fetchLessons(assets);
      const original = listed.lessons.find((one) => one.id === id);
      if (stop.signal.aborted) return;
      if (!original) {
        frame.messages.warn(
          `This link asks for the lesson “${isolated(id.slice(0, 60))}”, which is not here: choose one under Lessons.`,
        );
        return;
      }
      spelled = named(query, LANGUAGE) ?? "en";
      language = knownLanguage(listed, spelled);
      lesson = inLanguage(original, language);
      const spoken = lesson === original ? "en" : language;
      const words = createWords(spoken, listed.words[spoken]);
      speak(spoken, listed.words[spoken].instrument, frame.element);
      step = stepIn(query);
      values = null;
      unmeasured = words.say("unmeasured");
      panel = createLessonPanel({
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
        showAll: folding.showAll,
      });
      stand(panel.element);
      panel.show(step, values);
      measure(original.id);
    } catch (error) {
      console.error(error);
      stand(el("aside", { class: "lesson", role: "alert" }, el("p", { text: UNREACHABLE })));
    }
  }

  /** Shows the card that another screen shows; what the instrument opens for it is not said here. @param {string} query */
  async function follow(query) {
    const asked = named(query, LESSON);
    if (asked !== (lesson?.id ?? null) || (asked && (named(query, LANGUAGE) ?? "en") !== spelled)) {
      remove();
      await openLesson(query);
    } else if (lesson && stepIn(query) !== step) {
      step = stepIn(query);
      progress.note(lesson.id, { step: step + 1 });
      panel?.show(step, values);
    }
    fold();
  }

  // What the instrument measures now stands under the term that is about it.
  frame.element.addEventListener(
    "probes",
    (event) => {
      const { detail, target } = /** @type {CustomEvent<Record<string, number | null>>} */ (event);
      const column = target instanceof Element ? target.closest("[data-model]") : null;
      const model = /** @type {HTMLElement | null} */ (column)?.dataset.model ?? null;
      panel?.live({ values: detail, example: named(outer.read(), "example"), model });
    },
    { signal: stop.signal },
  );

  /** @param {HTMLElement} aside */
  function stand(aside) {
    frame.element.classList.add("with-lesson");
    frame.element.querySelector(".place")?.before(aside);
  }

  /** @param {string} id */
  async function measure(id) {
    try {
      const answer = await fetchFile(new URL(`../lessons/${id}/figures.json`, assets), { signal: stop.signal });
      const found = answer.ok ? await answer.json() : unmeasured;
      if (id !== lesson?.id) return;
      values = found;
    } catch (error) {
      if (stop.signal.aborted || id !== lesson?.id) return;
      console.error(error);
      values = unmeasured;
    }
    panel?.fill(values);
  }

  /** @param {number} next the card to go to */
  function go(next) {
    if (!lesson || next < 0 || next >= CARDS.length) return;
    const before = queryOf(setupOf(lesson, CARDS[step]));
    const after = queryOf(setupOf(lesson, CARDS[next]));
    step = next;
    progress.note(lesson.id, { step: step + 1 });
    panel?.show(step, values);
    if (after === before) {
      const query = new URLSearchParams(outer.read());
      query.set(STEP, String(step + 1));
      outer.write(query.toString().replace(/%(2C|3A|3B)/g, decodeURIComponent));
      fold();
    } else {
      link.write(after);
      restart();
    }
  }

  /** Leaves the lesson; the instrument stays as it is, and opens where there was none. */
  function close() {
    const hadModel = lesson?.setup.page === null;
    const query = new URLSearchParams(outer.read());
    query.delete(LESSON);
    query.delete(STEP);
    query.delete(LANGUAGE);
    remove();
    fold();
    outer.write(query.toString().replace(/%(2C|3A|3B)/g, decodeURIComponent));
    if (!hadModel) restart();
  }

  function remove() {
    lesson = null;
    speak("en", {}, frame.element);
    panel?.remove();
    panel = null;
    frame.element.classList.remove("with-lesson", "all-shown");
  }

  /** What the card does not need is folded away. */
  function fold() {
    frame.element.classList.toggle("before-do", step < CARDS.indexOf("do"));
    folding.fold((lesson && setupOf(lesson, CARDS[step]).show) ?? []);
  }

  return {
    link,
    compose,
    opening,
    /** Whether the open lesson stands on the small distributions in place of a model. */
    isSmall: () => lesson?.setup.page === "distributions",
    follow,
    /** @param {number} by cards @returns {boolean} whether there is a lesson to go on in */
    step(by) {
      panel?.turn(by);
      return panel !== null;
    },
    /** @returns {string | null} the lesson whose prediction is on screen */
    predicting: () => (lesson && CARDS[step] === "predict" ? lesson.id : null),
    /** @param {import("../classroom/api.js").Tally} tally */
    count: (tally) => panel?.count(tally),
    /** A class has begun, has ended, or is shown the answer. */
    refresh: () => panel?.refresh(),
    /** @param {HTMLElement} element what the instrument shows now */
    stands(element) {
      folding.stands(element);
      fold();
    },
    destroy() {
      stop.abort();
      panel?.remove();
    },
  };
}
