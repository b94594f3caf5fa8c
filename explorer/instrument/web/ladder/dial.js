import { el } from "../dom.js";
import { icon } from "../icons.js";
import { present } from "../present.js";
import { hasTurned } from "./state.js";
import { createStops } from "./stops.js";
import { methodsOf, rowOf, rungsOf, runOf, runsOf } from "./table.js";
import { called, spellBeta, spellCount } from "./words.js";

/** A moment of training stays on screen for so long while they are replayed. */
const REPLAY_MS = 900;

/** What chooses the model: β, or another objective; the seed; the moment of its training. @type {import("./stage.js").TablePanel} */
export default { name: "dial", place: "top", fits: () => true, create };

/** @param {import("./stage.js").TableStage} stage @returns {import("./stage.js").TablePart} */
function create({ table, move: onMove }) {
  const rungs = rungsOf(table);
  const methods = methodsOf(table);
  /** @type {import("./state.js").State} */
  let state;
  let timer = 0;

  const name = el("p", { class: "dial-name" });
  const beta = createStops({
    label: "β",
    name: "beta",
    onChoose: (at) => move({ recipe: rungs[at].recipe }),
  });
  const seed = createStops({
    label: "Seed",
    name: "seed",
    onChoose: (at) => move({ seed: runsOf(table, state.recipe)[at].seed }),
  });
  const moment = createStops({
    label: "Moment of training, in images seen",
    name: "moment",
    onChoose: (at) => move({ step: stages()[at].step }),
  });
  const replay = el(
    "button",
    { class: "quiet replay", type: "button", on: { click: () => (timer ? stop() : play()) } },
    icon("play"),
  );
  const seen = el("span", { class: "hint" });
  const others = methods.map((row) =>
    el("button", {
      class: "method",
      type: "button",
      text: row.title,
      title: `${row.title}: ${row.intent}`,
      on: { click: () => move({ recipe: row.recipe }) },
    }),
  );

  const stages = () => present(runOf(table, state.recipe, state.seed)).stages;

  /** @param {Partial<import("./state.js").State>} change */
  function move(change) {
    stop();
    onMove(change);
  }

  function facePlay() {
    const title = timer ? "Pause the replay" : "Replay the training";
    replay.title = title;
    replay.setAttribute("aria-label", title);
    replay.replaceChildren(icon(timer ? "pause" : "play"));
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    facePlay();
  }

  function play() {
    const all = stages();
    const next = () => {
      const at = all.findIndex(({ step }) => step === state.step);
      if (at + 1 >= all.length) return stop();
      onMove({ step: all[at + 1].step });
    };
    timer = window.setInterval(next, REPLAY_MS);
    facePlay();
    if (state.step === all[all.length - 1].step) onMove({ step: all[0].step });
    else next();
  }

  /** @param {string} title @param {string} hint @param {...Node} controls */
  const group = (title, hint, ...controls) =>
    el(
      "div",
      { class: "dial-group" },
      el("p", { class: "dial-label" }, el("b", { text: title }), " ", el("span", { class: "hint", text: hint })),
      ...controls,
    );

  const seedGroup = group("Seed", "random start", seed.element);
  facePlay();
  return {
    element: el(
      "section",
      { class: "dial", "aria-label": "Which model" },
      name,
      group("β", "weight of the KL", beta.element),
      methods.length ? group("Other objectives", "", el("div", { class: "method-row" }, ...others)) : null,
      seedGroup,
      el(
        "div",
        { class: "dial-group" },
        el("p", { class: "dial-label" }, el("b", { text: "Training" }), " ", seen),
        el("div", { class: "moment-row" }, moment.element, replay),
      ),
    ),
    show(next, before) {
      state = next;
      if (!hasTurned(next, before)) return;
      const row = rowOf(table, next.recipe);
      const rung = rungs.findIndex(({ recipe }) => recipe === next.recipe);
      const parts = called(row).split(/(?<=,) /);
      name.replaceChildren(...parts.flatMap((text, at) => [at ? " " : "", el("span", { text })]));
      name.classList.toggle("long", rung < 0);
      beta.show(
        rungs.map((rung) => {
          const runs = runsOf(table, rung.recipe).length;
          return { text: spellBeta(rung.beta), spoken: `${called(rung)}, ${runs} seed${runs === 1 ? "" : "s"}` };
        }),
        rung,
      );
      others.forEach((button, at) => button.setAttribute("aria-pressed", String(methods[at] === row)));
      const seeds = runsOf(table, next.recipe).map(({ seed }) => seed);
      seed.show(
        seeds.map((number) => ({ text: String(number), spoken: `seed ${number}` })),
        seeds.indexOf(next.seed),
      );
      seedGroup.hidden = seeds.length < 2;
      const all = stages();
      const at = all.findIndex(({ step }) => step === next.step);
      moment.show(
        all.map(({ images }) => ({
          text: spellCount(images),
          spoken: `${spellCount(images)} images seen`,
        })),
        at,
      );
      const only = all.length === 1;
      replay.hidden = moment.element.hidden = only;
      seen.textContent = `${spellCount(all[at].images)} images seen`;
    },
    destroy: stop,
  };
}
