import { el, spell } from "../dom.js";
import { klByLatent } from "../engine/gaussian.js";
import { newestWins } from "../engine/scheduler.js";
import { tellProbes } from "../lesson/probes.js";
import { createReadingSwitch } from "../page/reading.js";
import { term } from "../term.js";
import { createEquation } from "./formula.js";
import { createIwae } from "./iwae.js";
import { keptMeasurer } from "./measurer.js";
import { createPosteriorPicture } from "./picture.js";
import { row } from "./row.js";
import { createWidths } from "./widths.js";

/** After which rest what takes long is measured, in milliseconds; the ELBO of q follows at once. */
const REST_MS = 100;
const SORRY = "ln p(x) could not be computed: reload the page to try again.";
/**
 * What is known of an image: its exact posterior, which is sharp enough to be drawn a little later, the ELBO of the encoder's q,
 * and the best Gaussian, once it is found.
 *
 * @typedef {{of: import("../store.js").Source, x: Float32Array, encoder: Q, posterior: import("./exact.js").Posterior,
 *   isSharp: boolean, elbo: number, best: import("./fit.js").Fitted | null}} Known
 * @typedef {import("./quadrature.js").Q} Q
 */

/**
 * ln p(x) of the image whose posterior is drawn, exactly, and a q to drag: its mean is the z on screen, and its ELBO, the gap
 * and IWAE's bound follow it. Nothing is computed before the panel is opened.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
export function createEvidence(stage) {
  const { model, store, commands, assets, gone } = stage;
  const measurer = keptMeasurer(stage, SORRY);
  /** @type {import("../store.js").Source | null} */
  let source = null;
  /** @type {Known | null} */
  let known = null;
  /** @type {number[] | null} of q by hand; that of the encoder until it is moved */
  let std = null;
  let rest = 0;

  const equation = createEquation({ assets, gone });
  const picture = createPosteriorPicture({
    onMove: (mean) => commands.moveTo(mean),
    onEnd: () => commands.settle(),
  });
  const said = el("p", { class: "hint", role: "status" });
  const elbo = el("dd", { class: "number" });
  const split = {
    gap: el("dd", { class: "number" }),
    approximation: el("dd", { class: "number" }),
    amortisation: el("dd", { class: "number" }),
  };
  const widths = createWidths((axis, value) => {
    if (!known) return;
    std = (std ?? known.encoder.std).map((before, at) => (at === axis ? value : before));
    request();
  });
  const iwae = createIwae();
  const toEncoder = el("button", {
    class: "action",
    type: "button",
    text: "The encoder's q",
    on: { click: () => known && goTo(known.encoder) },
  });
  const toBest = el("button", {
    class: "action",
    type: "button",
    text: "The best q",
    disabled: true,
    on: { click: () => known?.best && goTo(known.best) },
  });
  const content = el(
    "div",
    { class: "evidence-content" },
    el("div", { class: "evidence-top" }, createReadingSwitch(gone), said),
    el(
      "figure",
      { class: "posterior-figure" },
      el("div", { "data-part": "posterior" }, picture.element),
      el("figcaption", {
        class: "hint",
        "data-part": "q",
        text: "Shaded: the true posterior. Ring: your q at 1σ and 2σ; drag it. Dashed: the encoder's q. Dotted: the best Gaussian.",
      }),
    ),
    el(
      "div",
      { class: "evidence-figures" },
      el("dl", {}, row(term("ELBO of your q", ELBO), elbo)),
      ...widths.elements,
      el("div", { class: "q-goals", role: "group", "aria-label": "Put q" }, toEncoder, toBest),
      el(
        "dl",
        { class: "gap-split" },
        row(term("The encoder's gap", GAP), split.gap),
        row(term("Approximation gap", APPROXIMATION), split.approximation),
        row(term("Amortisation gap", AMORTISATION), split.amortisation),
      ),
    ),
    equation.element,
    iwae.element,
  );
  const element = el(
    "details",
    { class: "evidence", on: { toggle: () => element.open && request() } },
    el("summary", { text: "ln p(x), exactly" }),
    content,
  );

  /** @param {Q} q */
  function goTo(q) {
    std = q.std;
    commands.go(q.mean);
    request();
  }

  /** @param {unknown} error */
  function fail(error) {
    if (gone.aborted) return;
    console.error(error);
    said.textContent = SORRY;
  }

  /** @returns {Q | null} the q by hand */
  const mine = () => known && { mean: model.z(store.get()), std: std ?? known.encoder.std };

  function clear() {
    equation.show(null);
    for (const value of [elbo, ...Object.values(split)]) value.textContent = "–";
    iwae.clear();
    toBest.disabled = true;
  }

  const queue = newestWins(async (of, overtaken) => {
    const { pixels, mean, logVariance } = of ?? {};
    if (!of || !pixels || !mean || !logVariance) {
      known = null;
      clear();
      said.textContent = "Choose an image to see how probable the model finds it.";
      return;
    }
    let now = known;
    if (!now || now.of !== of) {
      known = null;
      clear();
      said.textContent = measurer.isPrepared ? "" : "Decoding the whole plane, once …";
      const encoder = { mean: [...mean], std: Array.from(logVariance, (value) => Math.exp(value / 2)) };
      const posterior = await measurer.ask({ kind: "posterior", x: pixels });
      measurer.isPrepared = true;
      // The measurer answers also who has gone.
      if (gone.aborted) return;
      const found = await measurer.ask({ kind: "elbo", x: pixels, q: encoder });
      if (gone.aborted) return;
      known = now = { of, x: pixels, encoder, posterior, elbo: found, best: null, isSharp: false };
      std = null;
      said.textContent = "";
      picture.hold(now);
    }
    const q = /** @type {Q} */ (mine());
    showQ(q);
    const { x, posterior } = now;
    // z is kept to three decimals: where it is that of the encoder, its ELBO is known.
    const isEncoders = std === null && q.mean.every((value, at) => Math.abs(value - now.encoder.mean[at]) < 0.001);
    const worthNow = isEncoders ? now.elbo : await measurer.ask({ kind: "elbo", x, q });
    if (gone.aborted) return;
    const kl = klByLatent(
      q.mean,
      q.std.map((value) => 2 * Math.log(value)),
    ).reduce((sum, nats) => sum + nats, 0);
    const gap = posterior.logEvidence - worthNow;
    equation.show({ evidence: posterior.logEvidence, fit: worthNow + kl, kl, gap });
    elbo.textContent = `${spell(worthNow, 1)} nats, ${spell(gap, 1)} below`;
    split.gap.textContent = `${spell(posterior.logEvidence - now.elbo, 1)} nats`;
    tellProbes(element, { evidence: posterior.logEvidence, elbo: worthNow, gap });
    if (!overtaken()) restThen();
  }, fail);

  /** What takes longer, once q rests: the best Gaussian of the image, and the weights of draws of q. */
  const later = newestWins(async (/** @type {Known} */ of, overtaken) => {
    if (of !== known) return;
    const q = /** @type {Q} */ (mine());
    const found = await measurer.ask({ kind: "weights", x: of.x, q });
    if (gone.aborted || of !== known) return;
    iwae.show(found, of.posterior.logEvidence);
    if (!of.isSharp && !overtaken()) {
      const sharp = await measurer.ask({ kind: "sharpen", x: of.x, posterior: of.posterior });
      if (!sharp || gone.aborted || of !== known) return;
      of.posterior = sharp;
      of.isSharp = true;
      picture.hold(of);
      showQ(/** @type {Q} */ (mine()));
    }
    if (of.best || overtaken()) return;
    /** @type {import("./fit.js").Fitted | null} it gives way to a q that moves, and is asked for again when that rests */
    const best = await measurer.ask({ kind: "fit", x: of.x, posterior: of.posterior });
    if (!best || gone.aborted || of !== known) return;
    // No search is perfect: the encoder's own q is Gaussian, too.
    of.best = best.elbo < of.elbo ? { ...of.encoder, elbo: of.elbo } : best;
    split.approximation.textContent = `${spell(of.posterior.logEvidence - of.best.elbo)} nats`;
    split.amortisation.textContent = `${spell(of.best.elbo - of.elbo, 1)} nats`;
    toBest.disabled = false;
    picture.hold(of);
    showQ(/** @type {Q} */ (mine()));
  }, fail);

  function restThen() {
    clearTimeout(rest);
    rest = window.setTimeout(() => known && later.request(known), REST_MS);
  }

  /** @param {Q} q */
  function showQ(q) {
    picture.draw(q);
    widths.show(q.std);
  }

  function request() {
    if (!element.open || gone.aborted) return;
    queue.request(source);
  }

  return {
    element,
    show(state, before) {
      if (before && state.codes !== before.codes) request();
    },
    setSource(next) {
      source = next;
      request();
    },
    destroy: () => clearTimeout(rest),
  };
}

const ELBO =
  "How probable the image is at least, judged by your bell curve, whose mean is the z on screen: no q gives more than ln p(x). " +
  "E_q[ln p(x|z)] − KL(q ‖ p(z)), by 10 × 10 quadrature.";
const GAP =
  "How far the ELBO of the encoder's q is below ln p(x), which is how far q is from the true posterior: KL(q ‖ p(z|x)). ln p(x) is " +
  "the sum of p(x|z) p(z) over cells of the plane, refined where the posterior lies until it changes by less than 0.02 nats and no " +
  "cell holds more than a fifth of it.";
const APPROXIMATION =
  "What even the best bell curve with independent latents misses, because the true posterior has another shape. Found by Newton's " +
  "method, from the posterior's highest point and from its mean.";
const AMORTISATION =
  "How much better the best bell curve is than the encoder's: the encoder chooses its q at one look, and need not find the best.";
