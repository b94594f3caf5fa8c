import { el, latentName, spell } from "./dom.js";
import { icon } from "./icons.js";
import { TEMPERATURES } from "./link.js";
import { term } from "./term.js";

/**
 * The row of actions under the picture.
 *
 * @param {{commands: import("./commands.js").Commands, store: import("./store.js").Store}} options
 */
export function createActions({ commands, store }) {
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
  let current = 0;

  function facePlay() {
    const playing = store.get().playing === current;
    const title = `${playing ? "Pause" : "Play"} the chosen latent, ${latentName(current)} (P)`;
    play.title = title;
    play.setAttribute("aria-label", title);
    play.replaceChildren(icon(playing ? "pause" : "play"), el("span", { text: latentName(current) }));
  }

  const element = el(
    "div",
    { class: "actions", role: "toolbar", "aria-label": "Actions" },
    action("sample", "sample", "Sample z from the prior (S)", () => commands.sample(), "Sample"),
    el(
      "span",
      { class: "temperature-place" },
      term("T", "Samples are temperature × ε with ε from the prior, N(0, I): 1 is the prior itself."),
      temperature,
      degrees,
    ),
    play,
    undo,
    redo,
    action("reset", "reset", "Reset z to the origin (R)", () => commands.reset(), "Reset"),
  );

  return {
    element,
    /** @param {import("./store.js").State} state @param {import("./store.js").State | null} before */
    show(state, before) {
      if (state.temperature !== before?.temperature) {
        temperature.value = String(state.temperature);
        degrees.textContent = spell(state.temperature, 1);
      }
      if (state.playing !== before?.playing) facePlay();
    },
    /** @param {number} latent the one that the keys act on */
    setCurrent(latent) {
      current = latent;
      facePlay();
    },
    /** Marks whether undo and redo lead anywhere; they are not disabled, for that would drop the focus they have. */
    refresh() {
      undo.setAttribute("aria-disabled", String(!store.canUndo()));
      redo.setAttribute("aria-disabled", String(!store.canRedo()));
    },
  };
}
