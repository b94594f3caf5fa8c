/**
 * What was measured of the directions that were made here, until the page is loaded anew. A link holds a direction and
 * nothing about it.
 *
 * @typedef {{model: string, name: string, vector: number[], coherence: number, low: number, high: number, groups: string,
 *   how: string}} Fact `low` and `high`: where the middle 95 % of random groups of the same sizes lie
 */

/** @type {Fact[]} */
const facts = [];

/** @param {number[]} a @param {number[]} b */
const isSame = (a, b) => a.length === b.length && a.every((value, at) => Math.abs(value - b[at]) < 1e-6);

/** @param {Fact} fact */
export const remember = (fact) => void facts.unshift(fact);

/** @param {string} model @param {{name: string, vector: number[]}} direction @returns {Fact | undefined} */
export const factOf = (model, { name, vector }) =>
  facts.find((fact) => fact.model === model && fact.name === name && isSame(fact.vector, vector));
