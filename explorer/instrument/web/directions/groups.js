import { spell } from "../dom.js";
import { valueName } from "../map/colours.js";
import { present } from "../present.js";

/** A list of more values than this is too long to pick one from. */
const LONGEST_LIST = 1000;
/** Of more names no one says much about a group. */
const MOST_NAMES = 10;
/** The most values of a group that are counted one by one; of more, the commonest and the rest. */
const MOST_COUNTED = 4;
/** The share of a group that has to have a name for the group to be called so. */
const MOSTLY = 0.6;

/**
 * One way to name codes: a label, or a factor's value.
 *
 * @typedef {{title: string, names: string[], of(at: number): number}} Naming `of`: which of the names an image has
 *
 * Images that belong together: the whole class of that name, or where it is "", what was drawn around.
 *
 * @typedef {{members: Int32Array, picked: string}} Group
 */

/**
 * @param {import("../checkpoint/checkpoint.js").Card} card
 * @param {import("../checkpoint/embedding.js").Embedding} embedding
 * @returns {Naming[]} every way in which a checkpoint names its images
 */
export function namingsOf({ data }, { label, factors }) {
  /** @type {Naming[]} */
  const found = [];
  if (label && data.labels) found.push({ title: "label", names: data.labels, of: (at) => label[at] });
  const known = (factors && data.factors) || [];
  known.forEach((factor, column) => {
    if (factor.size > LONGEST_LIST) return;
    const names = Array.from({ length: factor.size }, (_, value) => `${factor.name} ${valueName(factor, value)}`);
    found.push({ title: factor.name, names, of: (at) => present(factors)[at * known.length + column] });
  });
  return found;
}

/** @param {Naming} naming @param {number} value @param {number} count of all images @returns {Group} a whole class */
export function classOf(naming, value, count) {
  const all = Int32Array.from({ length: count }, (_, at) => at);
  return { members: all.filter((at) => naming.of(at) === value), picked: naming.names[value] };
}

/** @param {Naming} naming @param {Int32Array} members @returns {[number, number][]} values and how many have them, the commonest first */
function counted({ of }, members) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const at of members) counts.set(of(at), (counts.get(of(at)) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** @param {number} count */
const spelled = (count) => spell(count, 0);

/** @param {Group} group @param {Naming[]} namings @returns {string} how many images a group has, and which */
export function described({ members, picked }, namings) {
  const count = `${spelled(members.length)} ${members.length === 1 ? "image" : "images"}`;
  if (picked) return `${count}: all of class ${picked}`;
  const few = namings.filter(({ names }) => names.length <= MOST_NAMES).slice(0, 3);
  const means = few.map((naming) => {
    const common = counted(naming, members);
    const named = common.length <= MOST_COUNTED ? common.length : MOST_COUNTED - 1;
    const others = common.slice(named).reduce((sum, [, n]) => sum + n, 0);
    return [
      ...common.slice(0, named).map(([value, n]) => `${naming.names[value]} (${spelled(n)})`),
      ...(others ? [`others (${spelled(others)})`] : []),
    ].join(", ");
  });
  return means.length ? `${count}: ${means.join("; ")}` : count;
}

/** @param {Group} group @param {Naming[]} namings @returns {string | null} what most of a group are */
export function nameOf({ members, picked }, namings) {
  if (picked) return picked;
  for (const naming of namings) {
    const [first] = counted(naming, members);
    if (first && first[1] >= MOSTLY * members.length) return naming.names[first[0]];
  }
  return null;
}
