import { el, latentName, spell } from "./dom.js";
import { icon } from "./icons.js";
import { TEMPERATURES } from "./link.js";
import { term } from "./term.js";

/**
 * The row of actions under the picture.
 *
 * @param {import("./stage.js").Stage} stage
 * @returns {import("./stage.js").Part}
 */
export function createActions({ model, commands, store, current: chosen }) {
  /**
   * @param {string} name @param {import("./icons.js").Picture} picture @param {string} title @param {() => void} act
   * @param {string | null} [text]
   */
  const action = (name, picture, title, act, text = null) =>
    el(
      "button",
      { class: `action ${name}`, type: "button", title, "aria-label": title, on: { click: act } },
      icon(picture),
      text && el("span", { text }),
    );

  const temperature = el("input", {
    class: "temperature",
    type: "range",
    min: TEMPERATURES.least,
    max: TEMPERATURES.most,
    step: 0.1,
    "aria-label": "Temperature of sampling",
    on: {
      input: () => commands.setTemperature(temperature.valueAsNumber),
      change: () => commands.settle(),
    },
  });
  const degrees = el("span", { class: "number" });
  const undo = action("undo", "undo", "Undo (Ctrl+Z)", () => commands.undo());
  const redo = action("redo", "redo", "Redo (Ctrl+Shift+Z)", () => commands.redo());
  const play = action("play-current", "play", "", () => commands.togglePlay(current));
  let current = chosen.get();

  function facePlay() {
    if (!model.continuous) return;
    const playing = store.get().playing === current;
    const title = `${playing ? "Pause" : "Play"} the chosen latent, ${latentName(current)} (P)`;
    play.title = title;
    play.setAttribute("aria-label", title);
    play.replaceChildren(icon(playing ? "pause" : "play"), el("span", { text: latentName(current) }));
  }

  const element = el(
    "div",
    { class: "actions", role: "toolbar", "aria-label": "Actions" },
    ...(model.hasPrior
      ? [
          action("sample", "sample", "Sample z from the prior (S)", () => commands.sample(), "Sample"),
          el(
            "span",
            { class: "temperature-place" },
            term("T", "Samples are temperature × ε with ε from the prior, N(0, I): 1 is the prior itself."),
            temperature,
            degrees,
          ),
        ]
      : []),
    model.continuous ? play : null,
    undo,
    redo,
    action(
      "reset",
      "reset",
      model.continuous ? "Reset z to the origin (R)" : "Reset (R)",
      () => commands.reset(),
      "Reset",
    ),
  );

  chosen.onSet((latent) => {
    current = latent;
    facePlay();
  });

  return {
    element,
    show(state, before) {
      if (state.temperature !== before?.temperature) {
        temperature.value = String(state.temperature);
        degrees.textContent = spell(state.temperature, 1);
      }
      if (state.playing !== before?.playing) facePlay();
    },
    /** Marks whether undo and redo lead anywhere; they are not disabled, for that would drop the focus they have. */
    settle() {
      undo.setAttribute("aria-disabled", String(!store.canUndo()));
      redo.setAttribute("aria-disabled", String(!store.canRedo()));
    },
  };
}
