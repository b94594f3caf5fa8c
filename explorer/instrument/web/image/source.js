import { context2d, el, spell } from "../dom.js";
import { reconstructionNats } from "../engine/likelihood.js";
import { writeImage } from "../engine/pixels.js";
import { newestWins } from "../engine/scheduler.js";
import { sentenceFor } from "../errors.js";
import { icon } from "../icons.js";
import { term } from "../term.js";
import { drawDifference } from "./difference.js";
import { createFan } from "./fan.js";
import { unlikeness } from "./likeness.js";
import { createErrorsOfExamples, relativeError } from "./relative-error.js";
import { hiddenOf } from "./seen-part.js";

/**
 * The image that was encoded: itself, what its code decodes to, how they differ, and whether it is like those that the model
 * was made for.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
export function createSource(stage) {
  const { card, model, commands, store, warn, gone } = stage;
  const { shape } = card.output;
  const { hasPosterior } = model;
  const [, height, width] = shape;
  const fan = hasPosterior ? createFan(stage) : null;
  /** @type {import("../store.js").Source | null} */
  let source = null;
  /** @type {Float32Array | null} */
  let decoded = null;
  let signed = true;
  const errorsOfExamples = createErrorsOfExamples(stage, () => judge());

  const image = new ImageData(width, height);
  const packed = new Uint32Array(image.data.buffer);
  const pane = (/** @type {string} */ name, /** @type {string} */ description, caption = description) => {
    const canvas = el("canvas", { class: "source", role: "img", width, height, "aria-label": description });
    return {
      context: context2d(canvas),
      figure: el("figure", { class: `pane pane-${name}` }, canvas, el("figcaption", { text: caption })),
      canvas,
    };
  };
  const original = pane("source", "Source");
  const reconstruction = pane("reconstruction", "Reconstruction", "Decoded");
  const difference = pane("difference", "Difference");

  const label = el("span", { class: "source-label" });
  const unlike = el("p", { class: "unlike", role: "status", hidden: true });
  const more = el("span", { text: "source brighter" });
  const less = el("span", { class: "key" }, el("i", { class: "key-less" }), "source darker");
  const sign = (/** @type {string} */ text, /** @type {boolean} */ value) =>
    el("button", {
      class: "quiet sign",
      type: "button",
      text,
      title: `Show ${value ? "which of the two is brighter" : "only how far apart they are"}`,
      on: {
        click() {
          signed = value;
          faceSign();
          draw();
        },
      },
    });
  const signs = [sign("signed", true), sign("absolute", false)];

  function faceSign() {
    signs.forEach((button, at) => button.setAttribute("aria-pressed", String(signed === (at === 0))));
    more.textContent = signed ? "source brighter" : "differs, either way";
    less.hidden = !signed;
  }

  const way = (/** @type {string} */ text, /** @type {"test" | "draw" | "upload"} */ tab) =>
    el("button", { class: "term way", type: "button", text, on: { click: () => stage.openTab(tab) } });
  const hint = el(
    "p",
    { class: "hint" },
    ...(card.examples
      ? [way(`Pick any ${card.examples.split} image`, "test"), ", ", way("draw", "draw")]
      : [way("Draw", "draw")]),
    " or ",
    way("upload", "upload"),
    hasPosterior ? " one: its posterior appears on every slider." : " one: see what the model makes of it.",
  );
  const action = (
    /** @type {string} */ name,
    /** @type {import("../icons.js").Picture} */ picture,
    /** @type {string} */ title,
    /** @type {() => void} */ act,
  ) =>
    el(
      "button",
      { class: "action", type: "button", title, "aria-label": name, on: { click: act } },
      icon(picture),
      el("span", { text: name }),
    );
  const facts = el(
    "div",
    { class: "posterior-facts", hidden: true },
    el(
      "div",
      { class: "source-head" },
      label,
      el(
        "div",
        { class: "source-actions" },
        hasPosterior
          ? action("Draws", "resample", "Draw codes from the posterior, see what each decodes to, and choose one", () =>
              fan?.open(),
            )
          : null,
        action("Clear", "close", "Clear the source; z stays", () => commands.forget()),
      ),
    ),
    el(
      "div",
      { class: "trio" },
      original.figure,
      reconstruction.figure,
      difference.figure,
      el(
        "div",
        { class: "keys" },
        el("span", { class: "signs", role: "group", "aria-label": "Difference" }, ...signs),
        el("span", { class: "key" }, el("i", { class: "key-more" }), more),
        less,
        ...(hasPosterior
          ? [
              el(
                "span",
                { class: "key" },
                el("i", { class: "key-posterior" }),
                term(
                  "posterior",
                  "Under every slider: which values the encoder finds likely for this image, over what is likely before it sees one " +
                    "(the prior), and μ ± σ. Both are drawn to one scale, so that equal areas are equal chances. A posterior " +
                    "more than three times as high as the prior is cut off there, with a line on top.",
                ),
              ),
              el("span", { class: "key" }, el("i", { class: "key-prior" }), "prior"),
            ]
          : []),
      ),
    ),
    unlike,
    fan?.element ?? null,
  );
  const element = el("div", { class: "readout" }, hint, facts);

  const queue = newestWins(
    async (asked) => {
      const image = await model.decode([{ ...store.get().codes, ...asked.codes }]);
      if (asked.codes !== source?.codes) return;
      decoded = image;
      draw();
    },
    (error) => {
      if (gone.aborted) return;
      warn(sentenceFor(error, "The reconstruction could not be decoded: reload the page to try again."), "source");
    },
  );

  /** @param {Float32Array} values @returns {Uint8ClampedArray} RGBA, until the next */
  function shownAs(values) {
    writeImage(values, 0, shape, packed, width, 0);
    return image.data;
  }

  /** @param {CanvasRenderingContext2D} context @param {Float32Array | null} values */
  function paint(context, values) {
    if (!values) return context.clearRect(0, 0, width, height);
    shownAs(values);
    context.putImageData(image, 0, 0);
  }

  function draw() {
    if (!decoded) return;
    const pixels = source?.pixels ?? null;
    paint(original.context, pixels);
    paint(reconstruction.context, decoded);
    if (!pixels) {
      difference.context.clearRect(0, 0, width, height);
      return;
    }
    const size = drawDifference(difference.context, pixels, decoded, shape, signed);
    difference.canvas.setAttribute("aria-label", `Difference, ${spell(size, 3)} of 1 on average`);
    judge();
  }

  /** Says where the image is not of the kind that the model was made for. */
  function judge() {
    const pixels = source?.pixels;
    const { own, noise } = store.get();
    const isOwn = own !== null && noise.level === 0;
    const sentence =
      pixels && decoded
        ? unlikeness(
            {
              pixels,
              nats: nats(pixels, decoded),
              error: isOwn ? relativeError(pixels, shownAs(decoded), shape) : null,
              isExample: own === null,
            },
            { nats: stage.embedding()?.reconstruction ?? null, errors: isOwn ? errorsOfExamples() : null },
            card.examples?.split ?? "",
          )
        : null;
    if (unlike.textContent !== sentence) unlike.textContent = sentence;
    unlike.hidden = sentence === null;
    if (stage.unlike.get() !== sentence) stage.unlike.set(sentence);
  }

  /** @param {Float32Array} pixels @param {Float32Array} image @returns {number | null} of what is hidden, where a part is seen */
  function nats(pixels, image) {
    const seen = model.condition && store.get().codes[model.condition.name].seen;
    const [mean, x] = seen ? [hiddenOf(image, seen), hiddenOf(pixels, seen)] : [image, pixels];
    return reconstructionNats(card.output, mean, x)?.nats ?? null;
  }

  faceSign();
  return {
    element,
    fill: judge,
    setSource(next) {
      // The pixels of a test image arrive after its posterior.
      const same = next !== null && next.codes === source?.codes;
      source = next;
      facts.hidden = next === null;
      hint.hidden = next !== null;
      fan?.setSource(next);
      if (!next) return stage.unlike.set(null);
      const { title } = next;
      label.textContent = title[0].toUpperCase() + title.slice(1);
      original.canvas.setAttribute("aria-label", `Source: ${title}`);
      if (!same) {
        decoded = null;
        queue.request(next);
      } else if (decoded) draw();
    },
  };
}
