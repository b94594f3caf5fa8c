/**
 * The numbers of all continuous controls of a model, one after the other: what sliders, map, traversals and paths are about,
 * as one vector z. Most models have one such control, whose value is z itself.
 *
 * @typedef {import("./model.js").Control} Control
 * @typedef {Extract<Control, {kind: "continuous"}>} Continuous
 * @typedef {{name: string, size: number, at: number, prior: Continuous["prior"], levels?: Continuous["levels"]}} Part
 *   `at`: where its numbers begin in z
 * @typedef {Continuous & {parts: Part[]}} Numbers `prior`: of all of them together
 * @typedef {import("./model.js").Codes} Codes
 */

/** @param {Control[]} controls @returns {Numbers | null} */
export function numbersOf(controls) {
  const found = controls.filter(/** @returns {control is Continuous} */ (control) => control.kind === "continuous");
  if (!found.length) return null;
  let at = 0;
  const parts = found.map(({ name, size, prior, levels }) => {
    const part = { name, size, at, prior, levels };
    at += size;
    return part;
  });
  const prior = found.every((control) => control.prior === "standard_normal") ? "standard_normal" : null;
  return { ...found[0], size: at, prior, parts };
}

/**
 * @param {Numbers | null} numbers
 * @returns {(codes: Codes) => number[]} z; the same array for as long as no part of it moves
 */
export function createJoin(numbers) {
  if (!numbers) return () => NOTHING;
  const [first, ...others] = numbers.parts;
  if (!others.length) return (codes) => codes[first.name];
  const root = new WeakMap();
  return (codes) => {
    let known = root;
    for (const { name } of numbers.parts) {
      let next = known.get(codes[name]);
      if (!next) known.set(codes[name], (next = new WeakMap()));
      known = next;
    }
    let joined = known.get(known);
    if (!joined) known.set(known, (joined = numbers.parts.flatMap(({ name }) => codes[name])));
    return joined;
  };
}

/** @type {number[]} */
const NOTHING = [];

/**
 * @param {Numbers} numbers
 * @param {Codes} codes
 * @param {number[]} z
 * @returns {Codes} with z; what of it is as it was stays the same array
 */
export function split({ parts }, codes, z) {
  if (parts.length === 1) return { ...codes, [parts[0].name]: z };
  const moved = parts.flatMap(({ name, size, at }) => {
    const part = z.slice(at, at + size);
    return part.every((value, index) => value === codes[name][index]) ? [] : [[name, part]];
  });
  return { ...codes, ...Object.fromEntries(moved) };
}

/** @param {Numbers | null} numbers @param {string} name of a control @returns {boolean} whether it is a part of z */
export const isPart = (numbers, name) => numbers?.parts.some((part) => part.name === name) ?? false;
