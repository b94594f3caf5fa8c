import { context2d, el, spell } from "../dom.js";
import { icon } from "../icons.js";
import { createRange } from "../latents/range.js";
import { present } from "../present.js";
import { term } from "../term.js";
import { SCRUB_STEPS, STATIONS } from "./course.js";

/**
 * The walk from A to B: a slider over the images along the way, what plays it, and its kind.
 *
 * @param {{model: import("../model/model.js").Model, onScrub(t: number, time: number): void, onSettle(): void,
 *   onPlay(): void, onKind(slerp: boolean): void}} options
 */
export function createWalk({ model, onScrub, onSettle, onPlay, onKind }) {
  const [, height, width] = present(model.shape);
  const latents = model.latents.length;
  const apart = spell(Math.sqrt(2 * latents));
  const film = el("canvas", { class: "film", width: STATIONS.length * width, height, "aria-hidden": "true" });
  const context = context2d(film, { alpha: false });
  let shown = NaN;
  let faded = false;
  const range = createRange(
    { min: 0, max: 1, step: 1 / SCRUB_STEPS, "aria-label": "Place on the path from A to B" },
    { onTake: onScrub, onSettle, shown: () => shown },
  );
  const place = el("output", { class: "number walk-place" });
  const play = el("button", { class: "action path-play", type: "button", on: { click: onPlay } });
  const kinds = [false, true].map((slerp) =>
    el("button", {
      class: "path-kind",
      type: "button",
      text: slerp ? "Spherical" : "Linear",
      on: { click: () => onKind(slerp) },
    }),
  );
  const apartness = el("span", { class: "number walk-apart" });
  const locks = el("p", { class: "hint", hidden: true });
  const element = el(
    "div",
    { class: "walk", hidden: true },
    el("div", { class: "strip" }, film, range),
    el(
      "div",
      { class: "walk-ends" },
      el("strong", { text: "A" }),
      el(
        "span",
        {},
        "t ",
        place,
        term(
          "‖A − B‖",
          "How far apart the two codes lie." +
            (model.continuous?.prior
              ? ` Of two draws from the prior it is √(2 · ${latents}) = ${apart} in root mean square.`
              : ""),
        ),
        " ",
        apartness,
      ),
      el("strong", { text: "B" }),
    ),
    el(
      "div",
      { class: "walk-line" },
      play,
      el(
        "span",
        { class: "path-kinds", role: "group", "aria-label": "Kind of path" },
        term(
          "Path",
          "Two ways from A to B. The straight one passes nearer the middle than most codes lie; the arc stays as far out as A " +
            "and B are. Linear: z = (1 − t) A + t B. Spherical: the direction turns evenly from A to B, and ‖z‖ goes evenly " +
            "from ‖A‖ to ‖B‖ (Shoemake 1985).",
        ),
        ...kinds,
      ),
    ),
    locks,
  );

  return {
    element,
    /** @param {number} t @param {boolean} astray z is not on the path; this is where it was last */
    place(t, astray) {
      if (t === shown && astray === faded) return;
      [shown, faded] = [t, astray];
      range.value = String(t);
      range.setAttribute("aria-valuetext", `${spell(t)} from A to B${astray ? ", not there now" : ""}`);
      place.textContent = astray ? "–" : spell(t);
      element.classList.toggle("astray", astray);
    },
    /** @param {boolean} playing */
    setPlaying(playing) {
      const label = playing ? "Pause the path" : "Play the path back and forth";
      play.setAttribute("aria-label", label);
      play.title = label;
      play.replaceChildren(icon(playing ? "pause" : "play"), el("span", { text: playing ? "Pause" : "Play" }));
    },
    /** @param {boolean} slerp */
    setKind: (slerp) => kinds.forEach((kind, at) => kind.setAttribute("aria-pressed", String(Boolean(at) === slerp))),
    /** @param {number} distance */
    setApart: (distance) => (apartness.textContent = spell(distance)),
    /** @param {string} sentence */
    setLocks(sentence) {
      locks.textContent = sentence;
      locks.hidden = !sentence;
    },
    /** @param {ImageData} sheet of images below each other @param {number} from the line of the first */
    draw(sheet, from) {
      STATIONS.forEach((_, at) =>
        context.putImageData(sheet, at * width, -(from + at) * height, 0, (from + at) * height, width, height),
      );
    },
  };
}
