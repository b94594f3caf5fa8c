import { present } from "../present.js";

/**
 * Which row of the page each latent takes, so that rows stay comparable from model to model.
 *
 * @typedef {import("./table.js").Stage} Stage
 */

/** Below so small a share of a factor's entropy a latent tells next to nothing about it. */
const LITTLE = 0.05;

/**
 * @param {import("./table.js").Information} information
 * @returns {number[][]} I(z_j; v_k) / H(v_k), a row a latent; 0 for a factor that takes one value only
 */
export function sharesOf({ nats, entropies_nats }) {
  return nats.map((row) =>
    row.map((value, factor) => (entropies_nats[factor] > 0 ? value / entropies_nats[factor] : 0)),
  );
}

/**
 * Row k goes to the latent that tells most about factor k, the strongest pair first, one latent a factor; then come the
 * other active latents by KL. Inactive ones fill up what is left, in their own order: their codes move by thousandths,
 * and what these say is not a reason to place them.
 *
 * @param {Stage} stage
 * @returns {number[]} the latent of each row
 */
export function align({ latents, information }) {
  const active = latents.flatMap(({ active }, latent) => (active ? [latent] : []));
  const inactive = latents.flatMap(({ active }, latent) => (active ? [] : [latent]));
  const factors = information?.entropies_nats.length ?? 0;
  const shares = information ? sharesOf(information) : [];
  const pairs = active.flatMap((latent) =>
    Array.from({ length: factors }, (_, factor) => ({ latent, factor, share: shares[latent][factor] })),
  );
  pairs.sort((a, b) => b.share - a.share);
  /** @type {(number | undefined)[]} */
  const rows = new Array(Math.min(factors, latents.length)).fill(undefined);
  for (const { latent, factor } of pairs) {
    if (factor < rows.length && rows[factor] === undefined && !rows.includes(latent)) rows[factor] = latent;
  }
  const left = active.filter((latent) => !rows.includes(latent));
  left.sort((a, b) => latents[b].kl_nats - latents[a].kl_nats);
  const waiting = [...left, ...inactive];
  return [...rows.map((latent) => latent ?? present(waiting.shift())), ...waiting];
}

/** @param {Stage} stage @returns {number[][]} its latents in the order of the rows, in parts: those that matter first */
export function inParts(stage) {
  const order = align(stage);
  const isActive = (/** @type {number} */ latent) => stage.latents[latent].active;
  return [order.filter(isActive), order.filter((latent) => !isActive(latent))].filter(({ length }) => length);
}

/**
 * @param {Stage} stage
 * @param {number} latent
 * @param {string[]} factors
 * @returns {{name: string, percent: string, also: string}} the factor a latent tells most about, and a second where it
 *   tells at least half as much about that
 */
export function carried({ latents, information }, latent, factors) {
  if (!latents[latent].active) return { name: "inactive", percent: "", also: "" };
  if (!information) return { name: "active", percent: "", also: "" };
  const told = sharesOf(information)[latent].map((share, factor) => ({ share, name: factors[factor] }));
  told.sort((a, b) => b.share - a.share);
  const [first, second] = told;
  if (!first || first.share < LITTLE) return { name: "no factor", percent: "", also: "" };
  const mixed = second && second.share >= LITTLE && second.share >= first.share / 2;
  return {
    name: first.name,
    percent: percent(first.share),
    also: mixed ? `and ${second.name} ${percent(second.share)}` : "",
  };
}

/** @param {Stage} stage @returns {number[]} for each factor the active latent that tells most about it */
export function tellers({ latents, information }) {
  const shares = information ? sharesOf(information) : [];
  const factors = shares[0]?.length ?? 0;
  return Array.from({ length: factors }, (_, factor) => {
    const told = shares.map((row, latent) => (latents[latent].active ? row[factor] : -1));
    return told.indexOf(Math.max(...told));
  });
}

/** @param {number} share @returns {string} */
export const percent = (share) => `${Math.round(100 * share)} %`;
