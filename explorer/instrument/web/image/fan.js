import { context2d, el } from "../dom.js";
import { standardNormal } from "../engine/gaussian.js";
import { newestWins } from "../engine/scheduler.js";
import { icon } from "../icons.js";
import { present } from "../present.js";
import { term } from "../term.js";

const DRAWS = 8;

/**
 * Images of several codes drawn from the posterior, each a press away. The noise stays while the source changes under it,
 * so that a drawing's fan changes with the drawing alone.
 *
 * @param {import("../stage.js").Stage} stage
 */
export function createFan({ model, commands, decodeLatents, draws: drawn, messages }) {
  const [, height, width] = present(model.shape);
  const latents = model.latents.length;
  /** @type {import("../store.js").Source | null} */
  let source = null;
  /** @type {number[][]} */
  let noise = [];
  /** @type {number[][]} */
  let codes = [];
  /** @type {CanvasRenderingContext2D[]} */
  const contexts = [];

  const draws = Array.from({ length: DRAWS }, (_, at) => {
    const canvas = el("canvas", { width, height, "aria-hidden": "true" });
    contexts.push(context2d(canvas, { alpha: false }));
    const label = `Sample ${at + 1} of ${DRAWS}: use its z`;
    return el(
      "button",
      {
        class: "draw",
        type: "button",
        title: label,
        "aria-label": label,
        on: { click: () => codes[at] && commands.go(codes[at]) },
      },
      canvas,
    );
  });
  const element = el(
    "div",
    { class: "fan", hidden: true, role: "group", "aria-label": "Draws from the posterior" },
    el(
      "p",
      { class: "fan-line" },
      term(
        "Draws from q(z|x)",
        "What the encoder's uncertainty about this image looks like. Press one to use its z. Each is μ + σ ε, decoded, with ε from N(0, I).",
      ),
      el(
        "button",
        { class: "action again", type: "button", on: { click: again } },
        icon("resample"),
        el("span", { text: "Again" }),
      ),
    ),
    el("div", { class: "draws" }, ...draws),
  );

  const queue = newestWins(
    async (asked) => {
      const image = await decodeLatents(asked, DRAWS);
      if (!image || element.hidden) return;
      contexts.forEach((context, at) => context.putImageData(image, -at * width, 0, at * width, 0, width, height));
      codes = asked;
    },
    () => messages.tell("The samples could not be decoded: reload the page to try again."),
  );

  function ask() {
    if (element.hidden || !source) return;
    const [mean, logVariance] = [present(source.mean), present(source.logVariance)];
    const draw = (/** @type {number} */ epsilon, /** @type {number} */ latent) =>
      mean[latent] + Math.exp(logVariance[latent] / 2) * epsilon;
    const asked = noise.map((one) => one.map(draw));
    drawn.set(asked);
    queue.request(asked);
  }

  function again() {
    noise = Array.from({ length: DRAWS }, () => Array.from({ length: latents }, standardNormal));
    ask();
  }

  return {
    element,
    /** Opens the fan with new draws. */
    open() {
      element.hidden = false;
      element.scrollIntoView({ block: "nearest" });
      again();
    },
    /** @param {import("../store.js").Source | null} next */
    setSource(next) {
      source = next;
      if (!next) element.hidden = true;
      ask();
    },
  };
}
