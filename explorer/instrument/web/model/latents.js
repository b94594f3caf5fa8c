import { clamp } from "../clamp.js";
import { latentName } from "../dom.js";
import { present } from "../present.js";

/** The values that the filmstrip of a latent and its row of traversals show, in standard deviations of the prior. */
const STEPS = [-3, -2.4, -1.8, -1.2, -0.6, 0, 0.6, 1.2, 1.8, 2.4, 3];

/** A model with more latents than these, such as the hidden units of a wide layer, has sliders for some of them only: hundreds would say nothing. */
const MANY = 50;
const SHOWN_OF_MANY = 24;

/**
 * One number of a continuous control, and what the card says of it.
 *
 * @typedef {object} Latent
 * @property {number} index
 * @property {string} name
 * @property {number | null} kl mean KL to the prior in nats; nothing where there is no prior, or it was not measured
 * @property {number | null} std of the codes over the data, where it was measured
 * @property {boolean} active whether the data move it, as far as that was measured
 * @property {number[]} steps the values that its filmstrip shows; its slider goes from the first to the last
 * @property {boolean} isStepped it takes no other values than these
 */

/**
 * Latents of a prior are shown from −3 to 3. Without one the codes lie where the encoder put them, and are shown as
 * far from their mean, in standard deviations.
 *
 * @param {import("../checkpoint/contract.js").Card} card
 * @param {import("./numbers.js").Numbers} numbers
 * @returns {Latent[]}
 */
export function latentsOf(card, { size, parts }) {
  return Array.from({ length: size }, (_, index) => {
    const facts = card.latents[index];
    const part = present(parts.findLast(({ at }) => at <= index));
    const levels = part.levels?.[index - part.at];
    const { mean, std } = facts && part.prior === null ? facts : { mean: 0, std: 1 };
    return {
      index,
      name: parts.length === 1 ? latentName(index) : nameIn(part, index - part.at),
      kl: facts?.kl_nats ?? null,
      std: facts?.std ?? null,
      active: facts?.active ?? true,
      steps: levels ?? STEPS.map((step) => mean + step * (std || 1)),
      isStepped: Boolean(levels),
    };
  });
}

/** @param {import("./numbers.js").Part} part @param {number} index @returns {string} a control of one number has its own name */
const nameIn = ({ name, size }, index) => (size === 1 ? name : latentName(index).replace("z", name));

/**
 * @param {Pick<import("../checkpoint/contract.js").Card, "latents" | "controls">} card
 * @returns {{active: number[], inactive: number[]}} the latents by KL, the largest first; by the spread of their codes
 *   where there is no KL; and in their own order where nothing was measured. Of hundreds, only the first
 */
export function orderLatents({ latents, controls }) {
  const size =
    latents.length || controls.reduce((sum, control) => sum + (control.kind === "continuous" ? control.size : 0), 0);
  const most = size > MANY ? SHOWN_OF_MANY : size;
  if (!latents.length) return { active: [...new Array(most).keys()], inactive: [] };
  const weight = (/** @type {number} */ latent) => latents[latent].kl_nats ?? latents[latent].std;
  const order = [...latents.keys()].sort((a, b) => weight(b) - weight(a) || a - b);
  const shown = order.slice(0, most);
  return {
    active: shown.filter((latent) => latents[latent].active),
    inactive: shown.filter((latent) => !latents[latent].active),
  };
}

/** @param {number[]} steps of a latent @param {number} value @returns {number} where it lies on them, in cells from the first; held to them */
export function cellOf(steps, value) {
  const held = clamp(value, steps[0], steps[steps.length - 1]);
  const next = Math.max(
    1,
    steps.findIndex((step) => step >= held),
  );
  return next - 1 + (held - steps[next - 1]) / (steps[next] - steps[next - 1]);
}

/**
 * @param {import("./model.js").Model} model
 * @param {{unfolded: boolean}} state
 * @returns {number[]} the latents on screen, top to bottom
 */
export function shownLatents({ card, continuous }, { unfolded }) {
  if (!continuous) return [];
  const { active, inactive } = orderLatents(card);
  return unfolded ? [...active, ...inactive] : active;
}
