import { el, isolated, withCode } from "../dom.js";
import { newestWins } from "../engine/scheduler.js";
import { sentenceFor } from "../errors.js";
import { icon } from "../icons.js";
import { sourceOfWords } from "../linked-word.js";
import { PANELS } from "../panels/index.js";
import { placeModel } from "../stage/place-model.js";
import { createCursor } from "../store.js";
import { agreeing, createFollow, hasExample, sharesExamples } from "./follow.js";
import { createTable } from "./table.js";

/**
 * Two to four models side by side on one cursor: the same image encoded by each, the same place where their spaces agree.
 *
 * @param {Omit<import("../stage.js").Setting, "model" | "store" | "fromExample"> &
 *   {models: import("../model/model.js").Model[], initials: import("../store.js").State[], together: boolean,
 *   fromExample: boolean, fresh: boolean[], onCommit(): void,
 *   onRemove(at: number): void}} options `together`: what moves one model moves all whose spaces agree; `fresh`: which
 *   have not encoded the image yet
 */
export function createCompare({ models, initials, onCommit, onRemove, onFirst, fromExample, fresh, ...shared }) {
  let { together } = shared;
  const { messages } = shared;
  let waiting = models.length;
  let isGone = false;
  /** The model that began from an image last, the one which the others encode. */
  let origin = 0;

  const cursor = createCursor(
    models.map((model, at) => ({ initial: initials[at], controls: model.controls })),
    createFollow(models, {
      isTogether: () => together,
      onImage(from) {
        origin = from;
        encoders.forEach((queue, at) => at !== from && queue.request(from));
      },
    }),
  );
  const stores = models.map((_, at) => cursor.of(at));
  const states = () => stores.map((store) => store.get());
  /** @param {import("../stage.js").Panel} panel @returns {number} the first model that it fits */
  const hostOf = (panel) => models.findIndex((model) => panel.fits(model) === true);

  const encoders = models.map((_, at) =>
    newestWins(
      (from) => encode(at, from),
      (error) => {
        console.error(error);
        if (!isGone) messages.warn(sentenceFor(error, "The image could not be encoded: reload the page to try again."));
      },
    ),
  );
  /** @type {ReturnType<typeof placeModel>[]} */
  const placed = [];
  models.forEach((model, at) => {
    const sharer = placed.find((_, other) => sharesExamples(models[other].card, model.card));
    const one = placeModel({
      ...shared,
      model,
      thumbnails: sharer && hasMore(sharer.stage.model, model) ? sharer.thumbnails : null,
      store: stores[at],
      panels: PANELS.filter(({ compare }) => compare === "each").concat(
        PANELS.filter((panel) => isForAll(panel) && hostOf(panel) === at),
      ),
      fromExample: fromExample && at === 0,
      onFirst: () => --waiting === 0 && onFirst(),
      // An image may have been chosen before this model knew where it puts its examples.
      onReady() {
        const isAsked = at !== origin && (fromExample || fresh[at]);
        if (isAsked && hasImage(stores[origin].get())) encoders[at].request(origin);
      },
    });
    placed.push(one);
  });

  /**
   * Puts a model where it encodes the image that another one began from.
   *
   * @param {number} at @param {number} from
   */
  async function encode(at, from) {
    const model = models[at];
    const asked = stores[from].get();
    const isOld = () => {
      const { example, own } = stores[from].get();
      return isGone || origin !== from || example !== asked.example || own !== asked.own;
    };
    const { example, own } = asked;
    const isKnown = example !== null && sharesExamples(models[from].card, model.card) && hasExample(model, example);
    if (isKnown) {
      const codes = await placed[at].codesOf(example);
      if (codes && !isOld()) cursor.put(at, { codes: { ...stores[at].get().codes, ...codes } });
      return;
    }
    if (own && !own.pixels) return encodeWords(at, from, isOld);
    if (!model.encoder || !model.shape || String(model.shape) !== String(models[from].shape)) return;
    const pixels = own ? own.pixels : example === null ? null : await placed[from].stage.thumbnails().pixels(example);
    if (!pixels || isOld()) return;
    const title = own?.title ?? placed[from].stage.source()?.title ?? "";
    const posterior = await model.encoder.encode(pixels, stores[at].get().codes);
    if (isOld()) return;
    const mine = { title, pixels, ...posterior };
    cursor.put(at, { own: mine, example: null, codes: { ...stores[at].get().codes, ...posterior.codes } });
  }

  /** The same of a word. @param {number} at @param {number} from @param {() => boolean} isOld */
  async function encodeWords(at, from, isOld) {
    const model = models[at];
    const pairs = agreeing(models[from].words, model.words);
    if (!pairs.length || pairs.length < model.words.length) return;
    const { codes } = stores[from].get();
    const read = Object.fromEntries(pairs.map(({ from, to }) => [to, codes[from]]));
    const mine = await sourceOfWords(model, { ...stores[at].get().codes, ...read });
    if (isOld()) return;
    cursor.put(at, { own: mine, example: null, codes: { ...stores[at].get().codes, ...mine.codes } });
  }

  /** What shows an output stands in one row, whatever it is, and so does what moves it; every other panel has its own. @param {import("../stage.js").Panel} panel */
  const rowOf = ({ name, place }) => (place === "picture" || place === "controls" ? place : name);
  /** The rows that any of the models has, top to bottom: whoever moves something sees the pictures beside it. */
  const rows = [
    ...new Set([
      "picture",
      "controls",
      ...PANELS.filter((panel) => panel.compare === "each" && hostOf(panel) >= 0).map(rowOf),
    ]),
  ];

  /** @param {number} at */
  function column(at) {
    const { entry, card, shape } = models[at];
    const { parts } = placed[at];
    const ratio = shape ? shape[2] / shape[1] : 1;
    const rowAt = (/** @type {import("../stage.js").Panel} */ panel) => rows.indexOf(rowOf(panel));
    const each = parts
      .filter(({ panel }) => panel.compare === "each")
      .sort((one, other) => rowAt(one.panel) - rowAt(other.panel));
    // What is alike stands at one height; above it is the head.
    for (const { panel, part } of each) part.element.style.gridRow = String(2 + rowAt(panel));
    const name = isolated(card.title);
    return el(
      "section",
      {
        class: "compared",
        "aria-label": card.title,
        "data-model": entry.id,
        style: `--ratio: ${ratio}; --fit: ${ratio > 1 ? "contain" : "fill"}`,
      },
      el(
        "div",
        { class: "compared-head" },
        el("h2", { text: card.title }),
        el(
          "button",
          {
            class: "quiet",
            type: "button",
            title: `Remove ${name} from the comparison`,
            "aria-label": `Remove ${name} from the comparison`,
            on: { click: () => onRemove(at) },
          },
          icon("close"),
        ),
        el("p", { class: "hint", text: card.summary }),
      ),
      ...each.map(({ part }) => part.element),
      notes(at),
    );
  }

  /** @param {number} at @returns {HTMLElement | null} why a model does not go along with the first */
  function notes(at) {
    const { shape, encoder, card } = models[at];
    const [first] = models;
    const isSame = String(shape) === String(first.shape);
    if (at === 0 || (isSame && (encoder || sharesExamples(first.card, card)))) return null;
    const sentence = isSame
      ? `This model has no encoder, so it cannot encode the ${shape ? "image" : "word"} of the others.`
      : !first.shape
        ? "This model takes images, so it cannot encode the word of the first."
        : !shape
          ? "This model writes text, so it cannot encode the image of the others."
          : `This model takes images of ${shape.slice(1).join(" × ")} pixels, so it cannot encode the image of the others.`;
    return el("p", { class: "hint compared-note" }, ...withCode(sentence));
  }

  const once = placed.flatMap(({ parts }) =>
    parts.filter(({ panel }) => isForAll(panel)).map(({ panel, part }) => ({ panel, element: part.element })),
  );
  const above = once.filter(({ panel }) => panel.compare === "above").map((one) => one.element);
  const at = (/** @type {string} */ place) =>
    once.filter(({ panel }) => panel.compare === "once" && panel.place === place).map((one) => one.element);
  const hasShared = models.some((one, at) =>
    models.slice(at + 1).some((other) => agreeing(one.controls, other.controls).length > 0),
  );
  const box = el("input", {
    type: "checkbox",
    checked: together && hasShared,
    disabled: !hasShared,
    on: {
      change() {
        together = box.checked;
        onCommit();
      },
    },
  });
  const element = el(
    "div",
    { class: "compare", style: `--models: ${models.length}; --rows: ${rows.length + 2}` },
    el(
      "div",
      { class: "compare-tools" },
      el(
        "label",
        {
          class: "switch",
          title:
            "What you move in one model also moves in every other model with the same controls. An image is always encoded by each model.",
        },
        box,
        el("span", { text: "Same z in every model" }),
      ),
      hasShared
        ? null
        : el("p", {
            class: "hint",
            text: "These models have different latent spaces: what you move in one leaves the others where they are.",
          }),
      ...at("picture"),
    ),
    above.length ? el("div", { class: "compare-above" }, ...above) : null,
    el("div", { class: "compared-models" }, ...models.map((_, index) => column(index))),
    el("div", { class: "side" }, ...at("source"), ...at("side")),
    createTable(models.map(({ card }) => card)),
  );
  stores[0].onCommit(() => isGone || onCommit());
  placed.forEach(({ stage }, index) => {
    stage.openTab = (tab) => placed.forEach(({ parts }) => parts.forEach(({ part }) => part.openTab?.(tab)));
    stage.picture.fit = (width) =>
      /** @type {HTMLElement} */ (element.querySelectorAll(".compared")[index]).style.setProperty(
        "--picture",
        `${width}px`,
      );
  });

  /** @param {boolean} isSo */
  function setTogether(isSo) {
    together = isSo;
    box.checked = isSo && hasShared;
  }

  return {
    element,
    stages: placed.map(({ stage }) => stage),
    states,
    together: () => together,
    /** Puts each model where another screen has it. @param {Partial<import("../store.js").State>[]} changes @param {boolean} isTogether */
    goTo(changes, isTogether) {
      setTogether(false);
      changes.forEach((change, index) => Object.keys(change).length && stores[index].set(change));
      setTogether(isTogether);
    },
    /** @param {Element | null} focus @returns {import("../stage.js").Stage} of the model that the keys are about */
    stageAt(focus) {
      const columns = [...element.querySelectorAll(".compared")];
      const index = columns.findIndex((one) => focus && one.contains(focus));
      return placed[Math.max(0, index)].stage;
    },
    destroy() {
      isGone = true;
      for (const one of placed) one.destroy();
    },
  };
}

/** @param {import("../stage.js").Panel} panel @returns {boolean} */
const isForAll = ({ compare }) => compare === "once" || compare === "above";

/** @param {import("../store.js").State} state */
const hasImage = ({ example, own }) => example !== null || own !== null;

/** @param {import("../model/model.js").Model} a @param {import("../model/model.js").Model} b @returns {boolean} whether a came with every example of b */
const hasMore = (a, b) => (a.card.examples?.count ?? 0) >= (b.card.examples?.count ?? Infinity);
