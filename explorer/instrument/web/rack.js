import { el, focusIn } from "./dom.js";
import { createSlider } from "./slider.js";

/** Of the variance of a latent's posterior mean over the data: Burda et al. 2016 call a latent active above it. */
const ACTIVE_VARIANCE = 0.01;

/**
 * @param {import("./checkpoint.js").Card} card
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

/** @param {import("./checkpoint.js").Card} card @param {number[]} inactive @returns {string} */
function reason(card, inactive) {
  const largest = Math.max(...inactive.map((latent) => card.latents[latent].kl_nats));
  const { samples, split } = card.latents_provenance;
  const images = `${samples.toLocaleString("en")} ${split} images`;
  return (
    `Over ${images} ${inactive.length === 1 ? "its posterior mean varies" : "their posterior means vary"} by no more than ` +
    `${ACTIVE_VARIANCE} (variance; KL up to ${largest.toPrecision(1)} nats). The encoder sends nothing this way, so moving ` +
    `${inactive.length === 1 ? "it" : "them"} should change next to nothing.`
  );
}

/**
 * The sliders, by KL, with the inactive ones folded away.
 *
 * @param {{card: import("./checkpoint.js").Card, commands: import("./commands.js").Commands}} options
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
        how: card.latents_provenance.how,
        shape: card.image.shape,
        commands,
      }),
    ]),
  );
  const elements = (latents) => latents.map((latent) => sliders.get(latent).element);

  const fold = el("button", {
    class: "quiet fold",
    type: "button",
    on: { click: () => commands.toggleFold() },
  });
  const folded = el("div", { class: "inactive", hidden: true }, ...elements(inactive));
  const element = el(
    "section",
    { class: "rack", "aria-label": "Latents, by KL" },
    ...elements(active),
    ...(inactive.length
      ? [
          el("div", { class: "fold-line" }, fold, el("p", { class: "hint", text: reason(card, inactive) })),
          folded,
        ]
      : []),
  );

  /** @param {import("./store.js").State} state @param {import("./store.js").State | null} before */
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
      fold.textContent = `${state.unfolded ? "Hide" : "Show"} ${inactive.length} inactive`;
    }
  }

  /** @param {import("./store.js").State} state @returns {number[]} the latents on screen, top to bottom */
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
