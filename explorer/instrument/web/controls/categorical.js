import { softmax } from "../distributions/math.js";
import { context2d, el, focusIn, spell } from "../dom.js";
import { newestWins } from "../engine/scheduler.js";
import { rove } from "../roving.js";
import { term } from "../term.js";
import { onScreen } from "./on-screen.js";

/** With more labels than this, decoding an image of each would slow a drag: only their names are shown. */
const MOST_IMAGES = 40;
/** Of a label, in characters; the rest is in its title. */
const LONGEST_SHOWN = 12;
const ARROW = /^(Arrow|Home|End)/;

/** @param {number} share @returns {string} */
const percent = (share) => `${Math.round(100 * share)}%`;

/**
 * A button for each label, with the image that what is on screen would be with it.
 *
 * @type {import("./index.js").CreateWidget}
 */
export function createLabels({ model, control, stage }) {
  const { name, labels } = /** @type {import("../checkpoint/contract.js").Categorical} */ (control);
  const { output } = model.card;
  const [, height, width] = output.kind === "pixels" && labels.length <= MOST_IMAGES ? output.shape : [0, 0, 0];
  const hasImages = height > 0;
  const others = model.card.controls.filter((other) => other.name !== name).map((other) => other.name);
  let chosen = -1;

  const pictures = labels.map(() => (hasImages ? el("canvas", { width, height, "aria-hidden": "true" }) : null));
  const buttons = labels.map((label, place) =>
    el(
      "button",
      {
        class: "label-choice",
        type: "button",
        role: "radio",
        tabindex: "-1",
        "aria-checked": "false",
        "aria-label": label,
        title: label,
        on: { click: () => choose(place) },
      },
      pictures[place],
      el("span", { class: "label-name", text: label }),
    ),
  );
  const guesses = labels.map(() => el("span", { class: "label-guess", hidden: true }));
  buttons.forEach((button, place) => button.append(guesses[place]));
  const longest = Math.min(LONGEST_SHOWN, Math.max(...labels.map(({ length }) => length)));
  const isShort = labels.length <= 10 && longest <= 2;
  const isTwoLines = labels.length > 5 && labels.length <= 12 && longest <= 4;
  const group = el(
    "div",
    {
      class: `label-choices ${isTwoLines ? "two-lines" : ""} ${isShort ? "short" : ""}`,
      role: "radiogroup",
      "aria-label": name,
      style: `--longest: ${longest + 2}ch; --half: ${Math.ceil(labels.length / 2)}`,
      on: { keydown: type },
    },
    ...buttons,
  );
  const makeCurrent = rove(group, () => onScreen(buttons));
  group.addEventListener("keydown", follow);
  const title = name.charAt(0).toUpperCase() + name.slice(1);
  const element = el(
    "section",
    { class: "control categorical", "aria-label": title },
    el(
      "h2",
      {},
      `${title} `,
      others.length && hasImages
        ? term(
            "one style, every label",
            `The model is given the ${name} besides ${others.join(" and ")}. Each button shows the image on screen with ` +
              `another ${name} and everything else the same. What the images have in common is the style, which ` +
              `${others.join(" and ")} holds.`,
          )
        : null,
    ),
    group,
    el(
      "p",
      { class: "hint guessed", hidden: true },
      term(
        "q(y|x)",
        `The encoder's guess, made without knowing the ${name} of this image: the probability of each ${name}, in percent. ` +
          "In training it saw the labels of only a few images, so it may be wrong about a drawing unlike those, and still " +
          "be very sure.",
      ),
      " of the image stands on each button.",
    ),
  );
  const guessed = /** @type {HTMLElement} */ (element.querySelector(".guessed"));

  /** @param {number} place */
  function choose(place) {
    if (place === chosen) return;
    stage.commands.set(name, place);
  }

  /** A choice of one goes with the arrows, as radio buttons do. @param {KeyboardEvent} event */
  function follow(event) {
    if (!ARROW.test(event.key) || !event.defaultPrevented) return;
    const place = buttons.indexOf(/** @type {any} */ (focusIn(group)));
    if (place >= 0) choose(place);
  }

  /** A label of one character has its own key. @param {KeyboardEvent} event */
  function type(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const place = labels.indexOf(event.key);
    if (place < 0) return;
    event.preventDefault();
    event.stopPropagation();
    buttons[place].focus();
    choose(place);
  }

  const draw = newestWins(async (/** @type {import("../model/model.js").Codes} */ codes) => {
    const sheet = await stage.decodeSheet(
      labels.map((_, place) => ({ ...codes, [name]: place })),
      labels.length,
    );
    if (!sheet) return;
    pictures.forEach((picture, place) => {
      if (!picture) return;
      context2d(picture, { alpha: false }).putImageData(sheet, -place * width, 0, place * width, 0, width, height);
    });
    element.dataset.drawn = String(Number(element.dataset.drawn ?? 0) + 1);
  }, console.error);

  return {
    element,
    setSource(source) {
      const logits = source?.logits?.[name];
      const shares = logits ? softmax([...logits]) : null;
      guessed.hidden = !shares;
      guesses.forEach((guess, place) => {
        guess.hidden = !shares;
        if (!shares) return;
        guess.style.setProperty("--share", String(shares[place]));
        guess.textContent = percent(shares[place]);
        guess.title = `q(${labels[place]} | x) = ${spell(shares[place], 4)}`;
      });
    },
    show(state, before) {
      const place = state.codes[name];
      if (place !== chosen) {
        buttons[chosen]?.setAttribute("aria-checked", "false");
        buttons[place].setAttribute("aria-checked", "true");
        makeCurrent(buttons[place]);
        chosen = place;
      }
      if (hasImages && others.some((other) => state.codes[other] !== before?.codes[other])) draw.request(state.codes);
    },
  };
}
