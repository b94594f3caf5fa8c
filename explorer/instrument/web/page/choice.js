import { linkedComparison } from "../compare/link.js";
import { isolated } from "../dom.js";
import { UPLOADED } from "../limits.js";
import { linkedModel } from "../link.js";

/** @typedef {import("../checkpoint/checkpoint.js").Entry} Entry */

/** @param {string} query @returns {string[]} all models that a link names; those that it compares first */
export function linkedModels(query) {
  const wanted = linkedModel(query);
  const ids = [...linkedComparison(query).ids, ...(wanted === null ? [] : [wanted])];
  return [...new Set(ids)];
}

/**
 * What a link opens of what is here: the models that it names, or where none of them is here, the first that can be opened.
 *
 * @param {string} query
 * @param {Entry[]} catalogue
 * @returns {{ids: string[], query: string, notes: string[]}} `ids`: none where nothing is here; `query`: nothing where the
 *   link is about another model; `notes`: sentences for the person
 */
export function chosen(query, catalogue) {
  const entryOf = (/** @type {string} */ id) => catalogue.find((entry) => entry.id === id);
  const comparison = linkedComparison(query);
  const here = comparison.ids.filter((id) => entryOf(id) && entryOf(id)?.error === undefined);
  const notes = comparison.problem ? [comparison.problem] : [];
  if (!notes.length && here.length < comparison.ids.length)
    notes.push("Some of the models that this link compares are not here; the others were opened.");
  if (here.length > 1) return { ids: here, query, notes };
  const wanted = linkedModel(query);
  const usable = catalogue.find((entry) => entry.error === undefined) ?? catalogue[0];
  if (!usable) return { ids: [], query, notes };
  if (wanted === null || entryOf(wanted)) return { ids: [wanted ?? usable.id], query, notes };
  const asks = `This link asks for the model “${isolated(wanted.slice(0, 60))}”, which`;
  const successor = catalogue.find((entry) => entry.formerly?.includes(wanted));
  const opened = isolated((successor ?? usable).title ?? (successor ?? usable).id);
  const note = successor
    ? `${asks} ${opened} has replaced, so that was opened instead.`
    : UPLOADED.test(wanted)
      ? `${asks} was dropped on the page; what is dropped is kept until the server stops. ${opened} was opened instead: drop ` +
        "the model again, or choose another above."
      : `${asks} is not here, so ${opened} was opened instead: choose another above.`;
  return { ids: [(successor ?? usable).id], query: "", notes: [...notes, note] };
}
