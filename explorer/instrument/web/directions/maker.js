import { el, isolated, spell } from "../dom.js";
import { sentenceFor } from "../errors.js";
import { icon } from "../icons.js";
import { LONGEST_NAME, MOST_DIRECTIONS } from "../link.js";
import { present } from "../present.js";
import { rounded } from "../spaces/continuous.js";
import { term } from "../term.js";
import { coherence, DRAWS, directionFrom, PAIRS, SEED } from "./coherence.js";
import { remember } from "./facts.js";
import { classOf, described, nameOf, namingsOf } from "./groups.js";
import { drawScale } from "./scale.js";

/** So many images of a group are shown. */
const MOST_SHOWN = 8;

const SIDES = /** @type {const} */ (["A", "B"]);
const count = (/** @type {number} */ number) => spell(number, 0);

/**
 * Makes a direction of two groups of images, which are drawn around on the map or are whole classes.
 *
 * @param {import("../stage.js").Stage} stage
 * @param {{onMade(direction: {name: string, vector: number[]}): void}} options
 */
export function createMaker(stage, { onMade }) {
  const { entry, card, marking, store, commands, gone } = stage;
  /** @type {import("../checkpoint/embedding.js").Embedding | null} */
  let embedding = null;
  /** @type {import("./groups.js").Naming[]} */
  let namings = [];
  /** @type {Partial<Record<"A" | "B", import("./groups.js").Group>>} */
  const groups = {};
  /** @type {{vector: number[], length: number} | null} */
  let found = null;
  /** @type {import("./coherence.js").Coherence | null} */
  let score = null;
  /** What a person called it; else it is called after its groups. */
  let given = "";
  let turn = 0;

  const draw = el(
    "button",
    { class: "action lasso", type: "button", "aria-pressed": "false", on: { click: toggleDrawing } },
    icon("lasso"),
    el("span", { text: "Draw around images on the map" }),
  );
  const cards = { A: createCard("A"), B: createCard("B") };
  const words = el("div", { class: "coherence", role: "status" });
  const name = el("input", {
    class: "field direction-field",
    type: "text",
    maxlength: LONGEST_NAME,
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": "Name of the direction",
    on: {
      input() {
        given = name.value.trim();
        add.disabled = !nameNow();
      },
      keydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && !add.disabled && make(),
    },
  });
  const add = el(
    "button",
    { class: "action add-direction", type: "button", on: { click: make } },
    icon("plus"),
    el("span", { text: "Add as slider" }),
  );
  const naming = el("div", { class: "direction-line", hidden: true }, el("label", {}, "Name", name), add);
  const element = el(
    "div",
    { class: "maker", hidden: true },
    el("p", {
      class: "hint lead",
      text:
        "Choose two groups of images: draw around them on the map, or take a whole class. The step from the mean code of B " +
        "to the mean code of A becomes a slider, which makes any image more like A.",
    }),
    draw,
    el("div", { class: "group-cards" }, cards.A.element, cards.B.element),
    words,
    naming,
  );

  function toggleDrawing() {
    marking.set({ drawing: !marking.get().drawing });
  }

  /** @param {"A" | "B"} side */
  function createCard(side) {
    const pin = el("button", {
      class: "action pin-group",
      type: "button",
      on: {
        click() {
          take(side, { members: marking.get().marked, picked: "" });
          marking.set({ marked: new Int32Array(0) });
        },
      },
    });
    const whole = el("select", {
      "aria-label": `Whole class for group ${side}`,
      on: {
        change() {
          const [at, value] = whole.value.split(" ").map(Number);
          take(side, whole.value ? classOf(namings[at], value, present(embedding).count) : undefined);
        },
      },
    });
    const text = el("p", { class: "hint" });
    const images = el("div", { class: "group-images", "aria-hidden": "true" });
    return {
      element: el(
        "div",
        { class: "group-card" },
        el("h3", {}, `Group ${side}`),
        el("div", { class: "group-line" }, pin, whole),
        text,
        images,
      ),
      fill() {
        whole.hidden = namings.length === 0;
        whole.replaceChildren(
          el("option", { value: "", text: "or a whole class" }),
          ...namings.flatMap(({ names }, at) =>
            names.map((name, value) => el("option", { value: `${at} ${value}`, text: name })),
          ),
        );
      },
      show() {
        const group = groups[side];
        const { marked } = marking.get();
        pin.textContent = marked.length ? `Pin ${count(marked.length)} as ${side}` : `Pin as ${side}`;
        pin.disabled = marked.length === 0;
        pin.title = marked.length ? "" : "Draw around some images on the map first";
        if (!group?.picked) whole.value = "";
        text.textContent = group ? described(group, namings) : "No images yet.";
        const shown = group ? evenly(group.members, MOST_SHOWN) : [];
        images.replaceChildren(
          ...shown.map((at) => el("span", { class: "thumb", style: stage.thumbnails().style(at) })),
        );
      },
    };
  }

  /** @param {"A" | "B"} side @param {import("./groups.js").Group} [group] */
  function take(side, group) {
    if (group) groups[side] = group;
    else delete groups[side];
    marking.set({
      groups: Object.fromEntries(SIDES.flatMap((side) => (groups[side] ? [[side, groups[side].members]] : []))),
    });
    for (const card of Object.values(cards)) card.show();
    measure();
  }

  const suggested = () =>
    ["B", "A"]
      .map((side) => {
        const group = groups[/** @type {"A" | "B"} */ (side)];
        return (group && nameOf(group, namings)) ?? side;
      })
      .join(" → ")
      .slice(0, LONGEST_NAME);
  const nameNow = () => name.value.trim();

  async function measure() {
    const mine = ++turn;
    const { A, B } = groups;
    found = score = null;
    naming.hidden = true;
    if (!A || !B || !embedding) return words.replaceChildren();
    try {
      found = directionFrom(embedding, A.members, B.members);
      if (!given) name.value = suggested();
      words.replaceChildren(el("p", { class: "hint", text: "Comparing with random groups …" }));
      const wanted = () => mine === turn && !gone.aborted;
      const measured = await coherence(embedding, A.members, B.members, async () => {
        await new Promise((resolve) => setTimeout(resolve));
        return wanted();
      });
      if (!measured || !wanted()) return;
      score = measured;
      say(measured, A, B);
      naming.hidden = false;
      add.disabled = !nameNow();
    } catch (error) {
      if (mine !== turn) return;
      words.replaceChildren(
        el("p", { text: sentenceFor(error, "These groups could not be compared: choose others.") }),
      );
    }
  }

  /** @param {import("./groups.js").Group} a @param {import("./groups.js").Group} b */
  const howOf = (a, b) =>
    "Whether the direction is the same whichever images you take from the two groups: 1 if always, about 0 if never. " +
    `Mean cosine between the directions b → a of ${count(PAIRS)} random pairs that share no image, as Liu et al. (2019) ` +
    `score; the same for ${DRAWS} pairs of groups of ${count(a.members.length)} and ${count(b.members.length)} images drawn ` +
    `from all ${count(present(embedding).count)}. Seed ${SEED}.`;

  /** @param {import("./coherence.js").Coherence} measured @param {import("./groups.js").Group} a @param {import("./groups.js").Group} b */
  function say(measured, a, b) {
    const { value, mean, low, high, below } = measured;
    const members = new Set(a.members);
    const both = b.members.filter((at) => members.has(at)).length;
    const rank = below === DRAWS ? `all ${DRAWS}` : `${below} of ${DRAWS}`;
    words.replaceChildren(
      el(
        "p",
        {},
        "At 1 every image of A lies in the same direction from every image of B; at 0 there is no common direction. These groups: ",
        term(`coherence ${spell(value)}`, howOf(a, b)),
        `, more than ${rank} pairs of random groups.`,
      ),
      drawScale(measured),
      el("p", {
        class: "hint",
        text:
          `Ticks: random groups of these sizes, ${spell(mean)} on average, 95 % of them ${spell(low)} to ${spell(high)}. ` +
          `The means are ${spell(present(found).length)} apart.${both ? ` ${count(both)} images are in both groups.` : ""}`,
      }),
    );
  }

  function make() {
    const { A, B } = groups;
    if (!found || !score || !A || !B) return;
    const called = nameNow();
    const others = store.get().directions.filter((direction) => direction.name !== called);
    if (others.length >= MOST_DIRECTIONS) {
      stage.messages.tell(`There are ${MOST_DIRECTIONS} direction sliders already: remove one first.`);
      return;
    }
    const direction = { name: called, vector: found.vector.map(rounded) };
    remember({
      ...direction,
      model: entry.id,
      coherence: score.value,
      low: score.low,
      high: score.high,
      groups: `${count(A.members.length)} × ${count(B.members.length)} images`,
      how: howOf(A, B),
    });
    marking.set({ drawing: false });
    commands.setDirections([...others, direction]);
    onMade(direction);
    stage.messages.say(`Added ${isolated(called)} as a slider.`);
  }

  marking.onChange((marks, before) => {
    draw.setAttribute("aria-pressed", String(marks.drawing));
    if (marks.marked === before.marked) return;
    for (const card of Object.values(cards)) card.show();
    if (marks.marked.length) stage.openPanel("directions");
  });

  return {
    element,
    /** @param {import("../checkpoint/embedding.js").Embedding} next */
    fill(next) {
      embedding = next;
      namings = namingsOf(card, next);
      element.hidden = false;
      for (const card of Object.values(cards)) {
        card.fill();
        card.show();
      }
    },
  };
}

/** @param {Int32Array} members @param {number} most @returns {number[]} at most `most` of them, at even steps */
const evenly = (members, most) =>
  Array.from({ length: Math.min(most, members.length) }, (_, at) => {
    const step = Math.max(1, members.length / most);
    return members[Math.floor(at * step)];
  });
