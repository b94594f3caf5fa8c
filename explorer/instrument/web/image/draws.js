import { context2d, el } from "../dom.js";
import { standardNormal } from "../engine/gaussian.js";
import { newestWins } from "../engine/scheduler.js";
import { icon } from "../icons.js";
import { present } from "../present.js";
import { term } from "../term.js";

const DRAWS = 8;

/**
 * Images of several draws from the prior of some controls, all else as it is, each a press away. The draws stay while what is
 * not drawn changes under them.
 *
 * @param {import("../stage.js").Stage} stage
 * @param {{title: string, short: string, explanation: string, what: string, parts: import("../model/numbers.js").Part[]}} options
 *   `what` one of them is, such as “Completion”; `parts` of z that are drawn
 */
export function createDraws({ model, commands, decodeSheet, store, messages, gone }, options) {
  const { title, short, explanation, what, parts } = options;
  const [, height, width] = present(model.shape);
  const { size } = present(model.continuous);
  const isDrawn = Array.from({ length: size }, (_, at) =>
    parts.some((part) => at >= part.at && at < part.at + part.size),
  );
  const kept = model.controls.map(({ name }) => name).filter((name) => !parts.some((part) => part.name === name));
  let noise = drawn();

  const contexts = noise.map(() => context2d(el("canvas", { width, height, "aria-hidden": "true" }), { alpha: false }));
  const buttons = contexts.map((context, at) => {
    const label = `${what} ${at + 1} of ${DRAWS}: go there`;
    const click = () => commands.go(codeOf(noise[at]));
    return el(
      "button",
      { class: "draw", type: "button", title: label, "aria-label": label, on: { click } },
      context.canvas,
    );
  });
  const element = el(
    "section",
    { class: "several-draws", "aria-label": title },
    el(
      "div",
      { class: "fan-line" },
      el("h2", {}, `${title} `, term(short, explanation)),
      el(
        "button",
        {
          class: "action again",
          type: "button",
          title: "Other draws",
          "aria-label": `Other draws: ${title.toLowerCase()}`,
          on: { click: again },
        },
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
        noise.map((one) => model.withZ({ codes }, codeOf(one)).codes),
        DRAWS,
      );
      if (!sheet || gone.aborted) return;
      contexts.forEach((context, at) => context.putImageData(sheet, -at * width, 0, at * width, 0, width, height));
      element.dataset.drawn = String(Number(element.dataset.drawn ?? 0) + 1);
    },
    () => messages.tell("The draws could not be decoded: reload the page to try again."),
  );

  function drawn() {
    return Array.from({ length: DRAWS }, () => Array.from({ length: size }, () => standardNormal()));
  }

  /** @param {number[]} one @returns {number[]} z with what is drawn of it */
  const codeOf = (one) => model.z(store.get()).map((value, at) => (isDrawn[at] ? one[at] : value));

  function again() {
    noise = drawn();
    queue.request(undefined);
  }

  return {
    element,
    /** @param {import("../store.js").State} state @param {import("../store.js").State | null} before */
    show(state, before) {
      if (kept.some((name) => state.codes[name] !== before?.codes[name])) queue.request(undefined);
    },
  };
}
