import { el, focusIn, spell } from "../dom.js";
import { present } from "../present.js";
import { provenance, term } from "../term.js";
import { createSlider } from "./slider.js";

/**
 * @param {import("../checkpoint/checkpoint.js").Card} card
 * @returns {{active: number[], inactive: number[]}} each sorted by KL, largest first
 */
export function orderLatents(card) {
  const order = card.latents.map((_, latent) => latent);
  order.sort((a, b) => card.latents[b].kl_nats - card.latents[a].kl_nats || a - b);
  return {
    active: order.filter((latent) => card.latents[latent].active),
    inactive: order.filter((latent) => !card.latents[latent].active),
  };
}

/** @param {number} value @returns {string} a bound on it: two digits or three decimals, rounded up */
export function spellBound(value) {
  const decimals = value > 0 ? Math.min(3, Math.max(0, 1 - Math.floor(Math.log10(value)))) : 0;
  return spell(Math.ceil(value * 10 ** decimals - 1e-9) / 10 ** decimals, decimals);
}

/** @param {import("../checkpoint/checkpoint.js").Card} card @param {number[]} inactive @returns {string} */
function reason(card, inactive) {
  const latents = inactive.map((latent) => card.latents[latent]);
  const variance = spellBound(Math.max(...latents.map(({ std }) => std ** 2)));
  const kl = spellBound(Math.max(...latents.map(({ kl_nats }) => kl_nats)));
  const { samples, split } = card.latents_provenance;
  const one = inactive.length === 1;
  return (
    `Over ${samples.toLocaleString("en")} ${split} images ${one ? "its posterior mean" : "their posterior means"} ` +
    `hardly ${one ? "varies" : "vary"} (variance up to ${variance}, KL up to ${kl} nats): the encoder sends almost nothing ` +
    `through ${one ? "it" : "them"}, so moving ${one ? "it" : "them"} should change little.`
  );
}

/**
 * The sliders, by KL, with the inactive ones folded away.
 *
 * @param {{card: import("../checkpoint/checkpoint.js").Card, commands: import("../commands.js").Commands}} options
 */
export function createRack({ card, commands }) {
  const { active, inactive } = orderLatents(card);
  const largestKl = Math.max(...card.latents.map((latent) => latent.kl_nats));
  const sliders = new Map(
    [...active, ...inactive].map((latent) => [
      latent,
      createSlider({
        latent,
        facts: card.latents[latent],
        largestKl,
        shape: card.output.shape,
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
  const element = el(
    "section",
    { class: "rack", "aria-label": "Latents, by KL" },
    el(
      "h2",
      {},
      "Latents ",
      term("by KL", `Each latent, the largest KL first. ${provenance(card.latents_provenance)}`),
    ),
    ...elements(active),
    ...(inactive.length
      ? [el("div", { class: "fold-line" }, fold, el("p", { class: "hint", text: reason(card, inactive) })), folded]
      : []),
  );

  /** @param {import("../store.js").State} state @param {import("../store.js").State | null} before */
  function show(state, before) {
    for (const [latent, slider] of sliders) {
      if (state.z[latent] !== before?.z[latent]) slider.show(state.z[latent]);
    }
    if (state.locked !== before?.locked) {
      for (const [latent, slider] of sliders) slider.setLocked(state.locked.includes(latent));
    }
    if (state.playing !== before?.playing) {
      for (const [latent, slider] of sliders) slider.setPlaying(state.playing === latent);
    }
    if (state.unfolded !== before?.unfolded) {
      folded.hidden = !state.unfolded;
      fold.setAttribute("aria-expanded", String(state.unfolded));
      fold.textContent = `${state.unfolded ? "Hide" : "Show"} ${inactive.length} unused latent${inactive.length === 1 ? "" : "s"}`;
    }
  }

  /** @param {import("../store.js").State} state @returns {number[]} the latents on screen, top to bottom */
  const visible = (state) => (state.unfolded ? [...active, ...inactive] : active);

  return {
    element,
    sliders,
    show,
    visible,
    /** @returns {number | null} the latent that has the focus */
    focused() {
      const row = focusIn(element)?.closest("[data-latent]");
      return row ? Number(row.getAttribute("data-latent")) : null;
    },
  };
}
