import { context2d, el } from "../dom.js";
import { standardNormal } from "../engine/gaussian.js";
import { newestWins } from "../engine/scheduler.js";
import { icon } from "../icons.js";
import { present } from "../present.js";
import { term } from "../term.js";

const DRAWS = 8;

/**
 * One part of an image, several whole ones: what the model makes of it with several z of the prior. The z stay while the part
 * changes under them.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
function create({ model, commands, decodeSheet, store, messages, gone }) {
  const { name } = present(model.condition);
  const [, height, width] = present(model.shape);
  const { size } = present(model.continuous);
  let z = drawn();

  const contexts = z.map(() => context2d(el("canvas", { width, height, "aria-hidden": "true" }), { alpha: false }));
  const buttons = contexts.map((context, at) => {
    const title = `Completion ${at + 1} of ${DRAWS}: use its z`;
    return el(
      "button",
      { class: "draw", type: "button", title, "aria-label": title, on: { click: () => commands.go(z[at]) } },
      context.canvas,
    );
  });
  const element = el(
    "section",
    { class: "completions", "aria-label": "Completions" },
    el(
      "div",
      { class: "fan-line" },
      el(
        "h2",
        {},
        "Completions ",
        term(
          "one part, several wholes",
          "Each image has another z, drawn from N(0, I), and the same seen part. Where they agree, the seen part decides; " +
            "where they differ, z does. Press one to move the sliders to its z.",
        ),
      ),
      el(
        "button",
        { class: "action again", type: "button", on: { click: again } },
        icon("resample"),
        el("span", { text: "Others" }),
      ),
    ),
    el("div", { class: "draws" }, ...buttons),
  );

  const queue = newestWins(
    async () => {
      const { codes } = store.get();
      const sheet = await decodeSheet(
        z.map((one) => model.withZ({ codes }, one).codes),
        DRAWS,
      );
      if (!sheet || gone.aborted) return;
      contexts.forEach((context, at) => context.putImageData(sheet, -at * width, 0, at * width, 0, width, height));
      element.dataset.drawn = String(Number(element.dataset.drawn ?? 0) + 1);
    },
    () => messages.tell("The completions could not be decoded: reload the page to try again."),
  );

  function drawn() {
    return Array.from({ length: DRAWS }, () => Array.from({ length: size }, () => standardNormal()));
  }

  function again() {
    z = drawn();
    queue.request(undefined);
  }

  return {
    element,
    show(state, before) {
      if (state.codes[name] !== before?.codes[name]) queue.request(undefined);
    },
  };
}

/** @type {import("../stage.js").Panel} */
export default {
  name: "completions",
  compare: "each",
  place: "below",
  fits: ({ condition, continuous, decoder, hasPrior }) => (condition && continuous && decoder && hasPrior ? true : ""),
  create,
};
