import { el, spell, write } from "../dom.js";
import { klByLatent } from "../engine/gaussian.js";
import { reconstructionNats, squaredError } from "../engine/likelihood.js";
import { hiddenOf } from "../image/seen-part.js";
import { klTerm, reconstructionTerm } from "../image/source-terms.js";
import { tellProbes } from "../lesson/probes.js";
import { orderLatents } from "../model/latents.js";
import { createReadingSwitch, followReading, reading } from "../page/reading.js";
import { rove } from "../roving.js";
import { explained, term } from "../term.js";
import { scaleFor, shareOf } from "./scale.js";

/** Of more latents than this the bars are too narrow for a name each. */
const MOST_NAMES = 12;

const NAMES = /** @type {const} */ (["reconstruction", "kl", "sum"]);

/**
 * What the image on screen costs: reconstruction and KL as bars, with their sum, and the average over the test images as a
 * mark. Reconstruction is that of the source at the z on screen, and follows it.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
export function createElbo({ card, model, store, decoded, gone }) {
  const { output } = card;
  const { hasPosterior } = model;
  const isNats = output.likelihood !== null;
  const hasBound = hasPosterior && isNats;
  const averageOf = (/** @type {string} */ name) => card.metrics.find((metric) => metric.name === name) ?? null;
  // A bound whose average has other parts than these two, a label's for one, is not their sum.
  const areWhole =
    hasBound &&
    (averageOf("kl") !== null || card.metrics.every(({ name, unit }) => unit !== "nats" || name === "neg_elbo"));
  const averages = {
    reconstruction: isNats
      ? hasPosterior
        ? averageOf("reconstruction")
        : null
      : (averageOf("squared_error") ?? averageOf("reconstruction_error")),
    kl: hasPosterior ? averageOf("kl") : null,
    sum: areWhole ? averageOf("neg_elbo") : null,
  };
  /** @type {import("../store.js").Source | null} */
  let source = null;
  /** @type {number[] | null} of each latent of the source */
  let kl = null;
  let frame = 0;

  const rows = {
    reconstruction: createRow("reconstruction", reconstructionTerm(output), averages.reconstruction),
    ...(hasPosterior && { kl: createRow("kl", klTerm(model), averages.kl) }),
    ...(areWhole && { sum: createRow("sum", sumTerm(), averages.sum) }),
  };
  const { active, inactive } = orderLatents(card);
  const byLatent = hasPosterior ? createByLatent([...active, ...inactive].map((at) => model.latents[at])) : null;
  const words = el("p", { class: "elbo-words" });
  const details = el("details", { class: "elbo-more" }, el("summary", { text: "In words" }), words);
  const average = Object.values(averages).find(Boolean);
  const element = el(
    "section",
    {
      class: "elbo",
      "aria-label": areWhole ? "Negative ELBO of this image" : "Reconstruction of this image",
      hidden: true,
    },
    ...Object.values(rows).map((row) => row.element),
    el(
      "div",
      { class: "elbo-foot" },
      average
        ? el("span", { class: "hint elbo-key" }, el("i"), term(`${average.split} average`, explained(average)))
        : null,
      hasBound ? createReadingSwitch(gone) : null,
      details,
    ),
    byLatent?.element ?? null,
  );

  const terms = /** @type {HTMLElement[]} */ ([...element.querySelectorAll(".term")]);
  for (const one of terms) one.tabIndex = -1;
  rove(element, () => terms.map((one) => [one]))(terms[0]);

  /** With what else is written for the frame: after it, the figures would have the page laid out once more. */
  function request() {
    if (!element.hidden) frame ||= requestAnimationFrame(measure);
  }

  function measure() {
    frame = 0;
    const image = decoded.get();
    const pixels = source?.pixels;
    if (!image || !pixels) return;
    // What is seen is given: the model has nothing to say of it.
    const seen = model.condition && image.codes[model.condition.name].seen;
    const [mean, x] = seen ? [hiddenOf(image.values, seen), hiddenOf(pixels, seen)] : [image.values, pixels];
    const measured = isNats ? reconstructionNats(output, mean, x) : { nats: squaredError(mean, x), atLeast: false };
    const reconstruction = measured?.nats ?? null;
    const total = kl?.reduce((sum, nats) => sum + nats, 0) ?? null;
    const sum = reconstruction === null || total === null ? null : reconstruction + total;
    const atLeast = measured?.atLeast ?? false;
    const values = { reconstruction, kl: total, sum };
    // Bars of one unit share a scale; a squared error and nats have one each.
    const scaleOf = (/** @type {readonly (typeof NAMES)[number][]} */ names) =>
      scaleFor(
        names.flatMap((name) => [values[name], averages[name]?.value ?? null]).filter((value) => value !== null),
      );
    const shared = isNats ? scaleOf(NAMES) : null;
    const isBound = hasBound && reading() === "elbo";
    for (const name of NAMES)
      rows[name]?.show(values[name], shared ?? scaleOf([name]), atLeast && name !== "kl", isBound);
    const error = isNats ? null : reconstruction;
    // Where the image is new and not yet decoded, what is on screen is still another's: no goal is reached by that.
    if (image.codes === store.get().codes)
      tellProbes(element, { reconstruction: isNats ? reconstruction : null, kl: total, squared_error: error });
    if (details.open) words.textContent = inWords(values);
  }

  /** @param {{reconstruction: number | null, kl: number | null, sum: number | null}} values @returns {string} */
  function inWords({ reconstruction, kl, sum }) {
    if (reconstruction === null) return "The card does not give what the likelihood needs.";
    const all = averages.reconstruction;
    const missed =
      `The image on screen differs from the source by ${spell(reconstruction, 1)}${isNats ? " nats" : ""}` +
      `${all ? `; ${all.split} images are missed by ${spell(all.value, 1)} on average` : ""}.`;
    if (kl === null || sum === null) return missed;
    if (!isNats)
      return (
        `${missed} Narrowing the prior down to this image's posterior costs ${spell(kl, 1)} nats. This model has no ` +
        "likelihood, so the two have no common unit and no sum."
      );
    const average =
      all && averages.kl && averages.sum
        ? ` Over ${spell(all.samples, 0)} ${all.split} images the average is ${spell(all.value, 1)} + ` +
          `${spell(averages.kl.value, 1)} = ${spell(averages.sum.value, 1)}.`
        : "";
    const together = areWhole
      ? `Together ${spell(sum, 1)} nats: the negative ELBO of this image, from this one z; the ELBO itself averages over all z ` +
        `of the posterior.${average}`
      : "The bound of this model has more parts than these two, so they are not added.";
    return (
      `Given the z on screen, the source costs ${spell(reconstruction, 1)} nats: the less the decoded image resembles it, ` +
      `the more. Narrowing the prior down to this image's posterior costs ${spell(kl, 1)} nats, wherever z is. ${together}`
    );
  }

  details.addEventListener("toggle", request);
  decoded.onSet(request);
  followReading((now) => {
    for (const row of Object.values(rows)) row?.rename(now === "elbo" && hasBound);
    request();
  }, gone);

  return {
    element,
    setSource(next) {
      source = next;
      element.hidden = next === null;
      const { mean, logVariance } = next ?? {};
      kl = hasPosterior && mean && logVariance ? klByLatent(mean, logVariance) : null;
      if (kl) byLatent?.show(kl);
      request();
    },
    destroy: () => cancelAnimationFrame(frame),
  };
}

/** How the rows are called as parts of the ELBO. @type {Record<string, string>} */
const BOUND = { reconstruction: "ln p(x|z)", kl: "− KL", sum: "ELBO" };

const sumTerm = () =>
  term(
    "Sum",
    "What both cost together, the negative ELBO: lower is better. Reconstruction is here at the one z on screen; training " +
      "averages it over z from the posterior. −ELBO = E[−ln p(x|z)] + KL(q(z|x) ‖ p(z)).",
  );

/**
 * @param {string} name
 * @param {HTMLElement} label
 * @param {import("../checkpoint/contract.js").Metric | null} average
 */
function createRow(name, label, average) {
  const bar = el("i", { class: "elbo-bar" });
  const tick = el("i", {
    class: "elbo-tick",
    hidden: average === null,
    title: average && `${average.split} average: ${spell(average.value, 1)}`,
  });
  const value = el("span", { class: "number" });
  const element = el(
    "div",
    { class: "elbo-row", "data-row": name },
    el("span", { class: "elbo-name" }, label),
    el("span", { class: "elbo-track" }, bar, tick),
    value,
  );
  /** @type {string | null} */
  let plain = null;
  return {
    element,
    /** @param {boolean} isBound whether the row is of the ELBO, not of its negative */
    rename(isBound) {
      const button = label.querySelector(".term");
      plain ??= button?.textContent ?? "";
      if (button) button.textContent = isBound ? (BOUND[name] ?? plain) : plain;
    },
    /**
     * @param {number | null} nats @param {import("./scale.js").Scale} scale @param {boolean} atLeast @param {boolean} isBound
     */
    show(nats, scale, atLeast, isBound) {
      const signed = nats === null || !isBound ? nats : -nats;
      const text = signed === null ? "unknown" : `${atLeast ? (isBound ? "≤ " : "≥ ") : ""}${spell(signed, 1)}`;
      write(value, text);
      value.title = signed === null ? "" : spell(signed, 3);
      const [from, to] = [0, nats ?? 0].map((at) => shareOf(scale, at));
      const [left, right] = [Math.min(from, to), Math.max(from, to)];
      bar.style.transform = `translateX(${(100 * left).toFixed(2)}%) scaleX(${(right - left).toFixed(4)})`;
      if (average) tick.style.left = `${(100 * shareOf(scale, average.value)).toFixed(2)}%`;
    },
  };
}

/** @param {import("../model/latents.js").Latent[]} latents the KL of the source, each a small bar */
function createByLatent(latents) {
  const hasNames = latents.length <= MOST_NAMES;
  const columns = latents.map(({ index, name }) => {
    const bar = el("i");
    return {
      index,
      name,
      bar,
      element: el("span", { class: "elbo-latent", role: "img" }, bar, hasNames ? name : null),
    };
  });
  return {
    element: el(
      "div",
      { class: "elbo-latents" },
      el("span", { class: "elbo-name" }, term("KL by latent", BY_LATENT)),
      el("span", { class: "elbo-columns" }, ...columns.map(({ element }) => element)),
    ),
    /** @param {number[]} kl */
    show(kl) {
      const most = Math.max(...kl, 1e-9);
      for (const { index, name, bar, element } of columns) {
        const text = `${name}: ${spell(kl[index])} nats`;
        bar.style.transform = `scaleY(${(kl[index] / most).toFixed(3)})`;
        element.title = text;
        element.setAttribute("aria-label", text);
      }
    },
  };
}

const BY_LATENT =
  "How much this image tells through each latent, in nats; the highest bar is the largest of them. A latent with no bar says " +
  "nothing about this image: its posterior is the prior. KL(q(zᵢ|x) ‖ N(0, 1)), closed form.";
