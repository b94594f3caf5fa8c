import { el, spell } from "../dom.js";
import { icon } from "../icons.js";
import { term } from "../term.js";
import { createTemperature } from "./temperature.js";

/**
 * What is done with the whole of z, under the picture.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
export function createActions({ model, commands, drawn }) {
  const reset = model.continuous ? "Reset z to the origin (R)" : "Reset (R)";
  const temperature = createTemperature("Temperature of sampling", commands);
  const degrees = el("span", { class: "number" });
  const opened = el("p", {
    class: "hint opened-on",
    hidden: drawn === null,
    text: `It opens on a random draw from the prior (seed ${drawn}), the same for everybody.`,
  });
  const element = el(
    "div",
    { class: "actions", role: "toolbar", "aria-label": "Actions" },
    ...(model.hasPrior
      ? [
          el("button", {
            class: "action sample",
            type: "button",
            title: "Draw z from the prior, N(0, I), and decode it (S)",
            text: "Sample from the prior",
            on: { click: () => commands.sample() },
          }),
          el(
            "span",
            { class: "temperature-place" },
            term(
              "T",
              "Temperature: how far from the middle samples are drawn. They are T × ε with ε from the prior, N(0, I); 1 is the prior itself.",
            ),
            temperature,
            degrees,
          ),
        ]
      : []),
    el(
      "button",
      {
        class: "action reset",
        type: "button",
        title: reset,
        "aria-label": reset,
        on: { click: () => commands.reset() },
      },
      icon("reset"),
    ),
    opened,
  );

  return {
    element,
    show(state, before) {
      if (before && state.codes !== before.codes && !opened.hidden) opened.hidden = true;
      if (state.temperature !== before?.temperature) {
        temperature.value = String(state.temperature);
        degrees.textContent = spell(state.temperature, 1);
      }
    },
  };
}
