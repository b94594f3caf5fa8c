import { clamp } from "../clamp.js";
import { context2d, el, isolated, selectedOnFocus, spell } from "../dom.js";
import { icon } from "../icons.js";
import { term } from "../term.js";
import { ALONG, along, project } from "./along.js";
import { createRange } from "./range.js";

const REACH = ALONG[ALONG.length - 1];
const STEP = { fine: 0.05, coarse: 0.5 };
/** In z: rounding moves z off its line by less. */
const OFF = 0.01;

/**
 * One named direction: its name, how far z lies along it, and the filmstrip of what lies along it from here.
 *
 * @param {{direction: {name: string, vector: number[]}, shape: import("../engine/pixels.js").Shape,
 *   commands: import("../stage/commands.js").Commands, z(): number[], fact?: import("../directions/facts.js").Fact, onRemove(): void}} options
 */
export function createDirection({ direction, shape, commands, z, fact, onRemove }) {
  const { name, vector } = direction;
  const [, height, width] = shape;
  /** The z that a drag began at: from there, steps do not add up their rounding. @type {number[] | null} */
  let from = null;
  /** What moves z now is this slider. */
  let moving = false;
  /** The z that the filmstrip was decoded for. @type {number[] | null} */
  let drawn = null;
  let shown = NaN;

  const film = el("canvas", { class: "film", width: ALONG.length * width, height, "aria-hidden": "true" });
  const context = context2d(film);
  const range = createRange(
    { min: -REACH, max: REACH, step: 0.01, "aria-label": `Along ${name}` },
    {
      onTake: move,
      onSettle: settle,
      shown: () => shown,
      on: { keydown: nudge, keyup: (event) => event.key.startsWith("Arrow") && from && settle() },
    },
  );
  const value = el("input", {
    class: "value",
    type: "text",
    inputmode: "decimal",
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": `How far along ${name}`,
    on: {
      change: enter,
      /** @param {KeyboardEvent} event */
      keydown(event) {
        if (event.key === "Enter") enter();
        else if (event.key === "Escape") {
          write();
          range.focus();
        } else return;
        event.preventDefault();
      },
      blur: write,
    },
  });
  selectedOnFocus(value);
  const remove = el(
    "button",
    {
      class: "quiet",
      type: "button",
      "aria-label": `Remove ${name}`,
      title: "Remove it",
      on: { click: onRemove },
    },
    icon("close"),
  );
  const element = el(
    "div",
    { class: "latent direction" },
    el(
      "div",
      { class: "latent-head" },
      el("span", { class: "direction-name", title: name, text: isolated(name) }),
      value,
      remove,
    ),
    el("div", { class: "strip", on: { dblclick: () => go(0) } }, film, range),
    el("p", { class: "hint measured" }, ...measured(fact)),
  );

  /** @param {number} to @param {number} [time] */
  function move(to, time) {
    const start = (from ??= z());
    moving = true;
    commands.moveTo(along(start, vector, to - project(start, vector)), time);
    moving = false;
  }

  function settle() {
    from = null;
    commands.settle();
  }

  /** @param {number} to */
  function go(to) {
    move(to);
    settle();
  }

  /** The arrow keys of the instrument move a latent; here they move along. @param {KeyboardEvent} event */
  function nudge(event) {
    const sign = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!sign || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const by = sign * (event.shiftKey ? STEP.coarse : STEP.fine);
    const reach = Math.max(REACH, Math.abs(shown));
    move(clamp(shown + by, -reach, reach), event.timeStamp);
  }

  function enter() {
    if (value.value === spell(shown)) return;
    const to = Number(value.value.trim().replace(",", ".").replace("−", "-") || NaN);
    if (Number.isFinite(to)) go(to);
    write();
  }

  function write() {
    value.value = spell(shown);
  }

  return {
    element,
    vector,
    focus: () => range.focus(),
    /** @param {number[]} next */
    show(next) {
      if (!moving) from = null;
      shown = project(next, vector);
      write();
      range.value = String(shown);
      range.setAttribute("aria-valuetext", spell(shown));
    },
    /** The filmstrip stays as it is while z moves along it. @param {number[]} next */
    isStale(next) {
      if (!drawn) return true;
      const by = project(next, vector) - project(drawn, vector);
      return along(drawn, vector, by).some((value, latent) => Math.abs(value - next[latent]) > OFF);
    },
    forget: () => (drawn = null),
    /** @param {ImageData} sheet @param {number} top where this strip begins @param {number[]} at the z it is of */
    draw(sheet, top, at) {
      context.putImageData(sheet, 0, -top, 0, top, sheet.width, height);
      drawn = at;
    },
  };
}

/** @param {import("../directions/facts.js").Fact | undefined} fact @returns {(Node | string)[]} */
function measured(fact) {
  if (!fact) return ["Came with a link; not measured here."];
  const random = `${spell(fact.low)} to ${spell(fact.high)}`;
  return [term(`coherence ${spell(fact.coherence)}`, fact.how), `, random groups ${random} · ${fact.groups}`];
}
