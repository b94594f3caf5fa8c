import { clamp } from "../clamp.js";
import { el, focusIn, spell } from "../dom.js";
import { orderLatents, shownLatents } from "../model/latents.js";
import { present } from "../present.js";
import { said } from "../spoken.js";
import { provenance, term } from "../term.js";
import { createSlider } from "./slider.js";

/** Between two drawings of the thumbs that nobody drags. */
const OTHERS_MS = 100;

/** @param {number} value @returns {string} a bound on it: two digits or three decimals, rounded up */
export function spellBound(value) {
  const decimals = value > 0 ? clamp(1 - Math.floor(Math.log10(value)), 0, 3) : 0;
  return spell(Math.ceil(value * 10 ** decimals - 1e-9) / 10 ** decimals, decimals);
}

const BY_KL =
  "The most telling first. The KL of a latent says how much it tells about an image: 0 is nothing, and every 0.69 nats " +
  "answer one yes-or-no question.";
const BY_SPREAD =
  "The most telling first: a latent that has nearly the same value for every image says nothing about any.";

/** @param {import("../checkpoint/checkpoint.js").Card} card @param {number[]} inactive @returns {string} */
function reason(card, inactive) {
  const latents = inactive.map((latent) => card.latents[latent]);
  const variance = spellBound(Math.max(...latents.map(({ std }) => std ** 2)));
  const nats = latents.map(({ kl_nats }) => kl_nats);
  const kl = nats.includes(null) ? "" : `, KL up to ${spellBound(Math.max(.../** @type {number[]} */ (nats)))} nats`;
  const what = kl ? "posterior mean" : "code";
  const { samples, split } = present(card.latents_provenance);
  const one = inactive.length === 1;
  const examples = card.output.kind === "pixels" ? "images" : "words";
  return (
    `Over ${spell(samples, 0)} ${split} ${examples} ${one ? `its ${what}` : `their ${what}s`} ` +
    `hardly ${one ? "varies" : "vary"} (variance up to ${variance}${kl}): the encoder sends almost nothing ` +
    `through ${one ? "it" : "them"}, so moving ${one ? "it" : "them"} should change little.`
  );
}

/** @param {import("../model/model.js").Model} model @param {number} shown @returns {HTMLElement | null} by what the sliders are ordered, and how many there are of how many */
function order({ card, latents }, shown) {
  const { latents_provenance: measured } = card;
  if (!measured) return null;
  if (shown < latents.length)
    return term(
      `${shown} of ${spell(latents.length, 0)}, by spread`,
      `The latents whose codes vary most; the others follow the image that is encoded. ${provenance(measured)}`,
    );
  return latents.every(({ kl }) => kl !== null)
    ? term("by KL, in nats", `${said(BY_KL)} ${provenance(measured)}`)
    : term("by spread", `${said(BY_SPREAD)} ${provenance(measured)}`);
}

/**
 * The sliders of a continuous control, the most telling first, with the inactive ones folded away.
 *
 * @type {import("../controls/index.js").CreateWidget}
 */
export function createSliders({ model, stage: { commands, store, current, films, decoded, picture } }) {
  const { card, latents, shape } = model;
  const { active, inactive } = orderLatents(card);
  const largestKl = Math.max(...latents.map(({ kl }) => kl ?? 0));
  const sliders = new Map(
    [...active, ...inactive].map((latent) => [
      latent,
      createSlider({
        latent: latents[latent],
        hasPrior: Boolean(model.continuous?.prior),
        largestKl,
        shape: model.decoder && shape,
        commands,
      }),
    ]),
  );
  const elements = (/** @type {number[]} */ latents) =>
    latents.map((/** @type {number} */ latent) => present(sliders.get(latent)).element);

  const fold = el("button", {
    class: "quiet fold",
    type: "button",
    on: { click: () => commands.toggleFold() },
  });
  const folded = el("div", { class: "inactive", hidden: true }, ...elements(inactive));
  const ordered = order(model, sliders.size);
  const element = el(
    "section",
    { class: "sliders", "aria-label": ordered?.textContent ? `${said("Latents ")}${ordered.textContent}` : "Latents" },
    el("h2", {}, "Latents ", ordered),
    ...elements(active),
    ...(inactive.length
      ? [el("div", { class: "fold-line" }, fold, el("p", { class: "hint", text: reason(card, inactive) })), folded]
      : []),
  );

  /** @returns {number | null} the latent that has the focus */
  function focused() {
    const row = focusIn(element)?.closest("[data-latent]");
    return row ? Number(row.getAttribute("data-latent")) : null;
  }

  let timer = 0;
  // The thumb that is dragged goes with the picture, the others some times a second: each is a canvas to compose again.
  decoded.onSet(() => {
    if (picture.canvas) sliders.get(current.get())?.drawNow(picture.canvas);
    timer ||= setTimeout(drawThumbs, OTHERS_MS);
  });

  function drawThumbs() {
    timer = 0;
    if (!picture.canvas) return;
    for (const latent of shownLatents(model, store.get())) sliders.get(latent)?.drawNow(picture.canvas);
  }

  films.onRow((latent, image) => sliders.get(latent)?.draw(image));
  element.addEventListener("focusin", () => current.set(focused() ?? current.get()));
  current.onSet((latent, before) => {
    for (const one of sliders.values()) one.setReached(false);
    sliders.get(before)?.element.classList.remove("chosen");
    sliders.get(latent)?.element.classList.add("chosen");
    sliders.get(latent)?.setReached(true);
  });
  current.onStep((by) => {
    const list = shownLatents(model, store.get());
    const from = focused();
    const next = from === null ? current.get() : list[list.indexOf(from) + by];
    sliders.get(next)?.focus();
  });

  return {
    element,
    show(state, before) {
      const [z, old] = [model.z(state), before && model.z(before)];
      for (const [latent, slider] of sliders) {
        if (z[latent] !== old?.[latent]) slider.show(z[latent]);
      }
      if (state.locked !== before?.locked) {
        for (const [latent, slider] of sliders) slider.setLocked(state.locked.includes(latent));
      }
      if (state.playing !== before?.playing) {
        for (const [latent, slider] of sliders) slider.setPlaying(state.playing === latent);
      }
      if (state.unfolded !== before?.unfolded) {
        timer ||= setTimeout(drawThumbs, OTHERS_MS);
        folded.hidden = !state.unfolded;
        fold.setAttribute("aria-expanded", String(state.unfolded));
        fold.textContent = `${state.unfolded ? "Hide" : "Show"} ${inactive.length} unused latent${inactive.length === 1 ? "" : "s"}`;
      }
    },
    destroy: () => clearTimeout(timer),
    setSource(source) {
      const { mean, logVariance } = source ?? {};
      for (const [latent, slider] of sliders) {
        if (!mean) slider.setPosterior(null);
        else slider.setPosterior(mean[latent], logVariance ? Math.exp(logVariance[latent] / 2) : null);
      }
    },
  };
}
