import { isTooLong, keyOf, readLink, writeLink } from "../link.js";
import { agreeing, MOST } from "./follow.js";

/**
 * The link of a comparison: that of its first model, and beside it `compare`, the ids of all; `2.z` and so on, where another
 * model is somewhere else; and `apart`, where what moves one leaves the others.
 *
 * @typedef {import("../model/model.js").Model} Model
 * @typedef {import("../store.js").State} State
 */

const PART = /[%,]/g;

/** How letters are chosen, and by which seed they are drawn: of every model, as the first has it unless its own says more. */
const WRITING = /** @type {const} */ (["writing", "seed"]);

/**
 * @param {Model[]} models
 * @param {State[]} states
 * @param {boolean} together
 * @returns {string}
 */
export function writeComparison(models, states, together) {
  const [first] = models;
  /** @type {[string, string][]} */
  const more = [["compare", models.map(({ entry }) => entry.id.replace(PART, encodeURIComponent)).join(",")]];
  if (!together) more.push(["apart", "yes"]);
  models.forEach(({ controls }, at) => {
    if (at === 0) return;
    const same = new Map(agreeing(first.controls, controls).map(({ from, to }) => [to, from]));
    for (const control of controls) {
      const value = states[at].codes[control.name];
      const from = same.get(control.name);
      if (from !== undefined && control.space.same(value, states[0].codes[from])) continue;
      const text = control.space.write(value, control);
      if (text !== null) more.push([`${at + 1}.${keyOf(control)}`, text]);
    }
    for (const key of WRITING)
      if (states[at][key] !== states[0][key]) more.push([`${at + 1}.${key}`, String(states[at][key])]);
  });
  return writeLink({ ...states[0], model: first.entry.id }, first.controls, more);
}

/**
 * @param {string} query
 * @returns {{ids: string[], problem: string | null}} the models that a link compares; none where it compares nothing
 */
export function linkedComparison(query) {
  const text = isTooLong(query) ? null : new URLSearchParams(query).get("compare");
  if (text === null) return { ids: [], problem: null };
  const ids = [...new Set(text.split(",").map(decoded).filter(Boolean))];
  if (ids.length <= MOST) return { ids: ids.length > 1 ? ids : [], problem: null };
  return {
    ids: ids.slice(0, MOST),
    problem: `This link compares ${ids.length} models, but only ${MOST} fit side by side: the first ${MOST} were opened.`,
  };
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

/** @param {string} query @returns {boolean} */
export const isTogether = (query) => !new URLSearchParams(query).has("apart");

/**
 * What a link says of a model of a comparison.
 *
 * @param {string} query
 * @param {Model[]} models
 * @param {number} at
 * @param {import("../link.js").Limits} limits
 * @returns {ReturnType<typeof readLink> & {isPlaced: boolean}} `isPlaced`: it says of this model alone where it is
 */
export function readCompared(query, models, at, limits) {
  if (at === 0) return { ...readLink(query, limits), isPlaced: true };
  const given = new URLSearchParams(query);
  const mine = new URLSearchParams();
  for (const { from, to } of agreeing(models[0].controls, models[at].controls)) {
    const first = models[0].controls.find(({ name }) => name === from);
    const here = models[at].controls.find(({ name }) => name === to);
    const text = first && given.get(keyOf(first));
    if (here && text) mine.set(keyOf(here), text);
  }
  for (const key of WRITING) {
    const text = given.get(key);
    if (text !== null) mine.set(key, text);
  }
  const own = [...given].filter(([key]) => key.startsWith(`${at + 1}.`));
  for (const [key, text] of own) mine.set(key.slice(2), text);
  return {
    ...readLink(mine.toString(), limits),
    isPlaced: own.some(([key]) => !WRITING.some((name) => key === `${at + 1}.${name}`)),
  };
}
