import { article } from "../article.js";
import { el, spell, write } from "../dom.js";
import { tellProbes } from "../lesson/probes.js";
import { said } from "../spoken.js";
import { explained, term } from "../term.js";
import { chiQuantile } from "./chi.js";
import { axesHere, searchOf } from "./plane.js";

/** The share of samples from the prior whose length is said. */
const SHELL = 0.95;

/** Which measures of the card belong to which map. */
/** @type {Record<string, string[]>} */
const METRICS = {
  umap: ["umap_trustworthiness", "umap_continuity", "placement_error"],
  pca: ["pca_trustworthiness", "pca_continuity"],
};

/** What the measures are called here, beside one another. */
/** @type {Record<string, string>} */
const SHORT = {
  trustworthiness: "trustworthiness",
  continuity: "continuity",
  placement_error: "placement error",
};

/**
 * Where z is, in numbers computed here: its length beside those of samples from the prior, and how far the nearest image's code is.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
export function createWhereabouts({ card, model, source, unlike }) {
  const latents = model.latents.length;
  const hasPrior = Boolean(model.continuous?.prior);
  const norm = el("output", { class: "number" });
  const shell = el("span");
  const [low, high] = [(1 - SHELL) / 2, (1 + SHELL) / 2].map((share) => chiQuantile(share, latents));
  const distance = el("p", { class: "nearest" });
  const faith = el("p", { class: "faith hint" });
  const element = el(
    "div",
    { class: "whereabouts" },
    el(
      "p",
      { class: "norm" },
      el("span", {}, "‖z‖\u00a0", norm, " ", shell),
      hasPrior
        ? el(
            "span",
            { class: "hint" },
            term(
              "Samples from the prior",
              said(
                "How far from the middle the model expects a code: ‖z‖ is the length of z, and 95\u00a0% of the draws from the " +
                  "prior have a length between these two values. They follow the chi distribution in {space}; their root mean " +
                  "square is √{latents} = {root}.",
                {
                  space: latents === 1 ? said("one dimension") : said("{latents} dimensions", { latents }),
                  latents,
                  root: spell(Math.sqrt(latents)),
                },
              ),
            ),
            said(": 95\u00a0% have {low} to {high}.", { low: spell(low), high: spell(high) }),
          )
        : null,
    ),
    ...(card.examples ? [distance, faith] : []),
  );
  /** @type {import("../checkpoint/embedding.js").Embedding | null} */
  let embedding = null;
  let wanted = "";
  let axes = "";
  let frame = 0;
  /** @type {number[]} */
  let z = [];

  function measure() {
    frame = 0;
    const length = Math.hypot(...z);
    write(norm, spell(length));
    if (hasPrior)
      write(shell, said(length < low ? "· unusually small" : length > high ? "· unusually large" : "· usual"));
    tellProbes(element, { z_length: length });
    if (!embedding) return;
    const codes = searchOf(embedding, card);
    const among = codes.searched < embedding.count ? codes.searched : null;
    const { distances, indices } = codes.nearest(z);
    const label = embedding.labels[indices[0]];
    const word = embedding.words?.[indices[0]];
    const name = word ? `“${word}”` : label === null ? null : said(`${article(label)} {label}`, { label });
    const isForeign = unlike.get() !== null && isCodeOf(source(), z);
    const examples = model.shape ? "images" : "words";
    const sentence = spellNearest(distances[0], card.map?.nearest, among, name, { isForeign, examples });
    const usual = card.map?.nearest.p99;
    if (usual) tellProbes(element, { nearest_code: distances[0] / usual });
    write(distance, sentence.text);
    distance.classList.toggle("off", sentence.off);
  }

  unlike.onSet(() => (frame ||= requestAnimationFrame(measure)));

  function explain() {
    const find = (/** @type {string} */ name) => card.map?.metrics.find((metric) => metric.name === name);
    const metrics = (METRICS[axes] ?? []).map(find);
    const terms = metrics
      .filter((metric) => metric !== undefined)
      .map((metric) => term(spellMetric(metric), explained(metric)));
    if (axes === "pca" && card.map) terms.push(explainedBy(card.map.pca.explained));
    faith.replaceChildren(...terms);
    faith.hidden = !faith.hasChildNodes();
  }

  function setAxes() {
    const here = axesHere(wanted, card, embedding) ?? "";
    if (here === axes) return;
    axes = here;
    explain();
  }

  return {
    element,
    show(state, before) {
      if (state.axes !== before?.axes) {
        wanted = state.axes;
        setAxes();
      }
      if (before && model.z(state) === model.z(before)) return;
      z = model.z(state);
      frame ||= requestAnimationFrame(measure);
    },
    fill(codes) {
      embedding = codes;
      setAxes();
      frame ||= requestAnimationFrame(measure);
    },
    destroy: () => cancelAnimationFrame(frame),
  };
}

/** z is kept to three decimals. @param {import("../store.js").Source | null} source @param {number[]} z */
function isCodeOf(source, z) {
  const mean = source?.mean;
  return Boolean(mean) && z.every((value, latent) => Math.abs(value - /** @type {any} */ (mean)[latent]) < 0.001);
}

/** @param {{name: string, value: number, unit: string}} metric */
function spellMetric({ name, value, unit }) {
  const called = SHORT[name.replace(/^(umap|pca)_/, "")];
  return `${called} ${unit.startsWith("%") ? `${spell(value, 1)}\u00a0%` : spell(value, 3)}`;
}

/** @param {number[]} shares of the two axes */
function explainedBy(shares) {
  const [first, second] = shares.map((share) => spell(100 * share, 0));
  return term(
    `explains ${first} + ${second}\u00a0%`,
    "How much of what differs between codes this map can show: the share of the variance of the posterior means along each of " +
      "the two principal axes.",
  );
}

/**
 * @param {number} distance from z to the nearest code
 * @param {{median: number, p95: number, p99: number} | undefined} held what it is for images that were held out
 * @param {number | null} among how many codes were searched, where that is not all of them
 * @param {string | null} name of the nearest: a 7, “maria”
 * @param {{isForeign?: boolean, examples?: string}} [more] `isForeign`: z is the code of an image that is not as those that
 *   came with the model; `examples`: what those are
 * @returns {{text: string, off: boolean}}
 */
function spellNearest(distance, held, among, name, { isForeign = false, examples = "images" } = {}) {
  const of = among === null ? "" : said(" of {count} codes", { count: spell(among, 0) });
  const away =
    name === null && !of
      ? said("the nearest code is {distance} away", { distance: spell(distance) })
      : said("the nearest{code} is {distance} away", {
          code: name === null ? of : `${of}, ${name},`,
          distance: spell(distance),
        });
  if (isForeign) return { text: `Its code says little about an image unlike the data: ${away}.`, off: true };
  if (!held) return { text: `${away[0].toUpperCase()}${away.slice(1)}.`, off: false };
  const [share, bound] = distance > held.p95 ? ["99\u00a0%", held.p99] : ["95\u00a0%", held.p95];
  const place =
    distance > held.p99 ? "Far from the data" : distance > held.p95 ? "At the edge of the data" : "Among the data";
  const values = { place: said(place), away, share, examples: said(examples), bound: spell(bound) };
  return {
    text: said("{place}: {away}; {share} of held-out {examples} have a code within {bound}.", values),
    off: distance > held.p99,
  };
}
