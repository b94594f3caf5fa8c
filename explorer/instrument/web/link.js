import { isKind, NO_NOISE } from "./engine/corruption.js";
import { LONGEST_QUERY } from "./limits.js";
import { numbersOf } from "./model/numbers.js";
import { SEEDS, WAYS } from "./model/writing.js";
import { space as continuous } from "./spaces/continuous.js";
import { readIndex, readNumber } from "./spaces/digits.js";
import { Unreadable } from "./spaces/unreadable.js";

export const TEMPERATURES = { least: 0.1, most: 2 };

/** What a comparison adds: see `compare/link.js`. */
const COMPARISON = ["compare", "apart"];

const NO_PINS = { a: null, b: null, c: null };
export const MOST_DIRECTIONS = 12;
export const LONGEST_NAME = 60;
const MOST_SEEDS = 2 ** 31;

/** What ends a name in a link, or is a part of it; nothing else of a name is escaped (`URLSearchParams` does the rest). */
const IN_A_NAME = /[%:;,]/g;

/** A name must have a character that is visible. */
const VISIBLE = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;

/**
 * @typedef {import("./model/model.js").Control} Control
 * @typedef {{controls: Control[], examples: number, title: string, factors: string[]}} Limits what there is to link to
 * @typedef {import("./model/numbers.js").Numbers} Numbers
 * @typedef {import("./store.js").State & {model: string}} Linked
 */

/**
 * @template S what a link holds
 * @template L what there is to link to
 * @typedef {{key: string, name: keyof S & string, write(state: S): string | null,
 *   read(text: string, limits: L, sofar: any, state: Partial<S>): any}} FieldOf a row of a link; `sofar`: what rows before
 *   it read of the same name, and `state` of every name
 */

/** @typedef {FieldOf<Linked, Limits>} Field */

/** @param {import("./model/model.js").Model} model @returns {Limits} */
export const limitsOf = ({ card, controls }) => ({
  controls,
  examples: card.examples?.count ?? 0,
  title: card.title,
  factors: (card.data?.factors ?? []).map(({ name }) => name),
});

/** @param {string} text @param {Limits} limits @param {string} what */
function code(text, limits, what) {
  const control = numbersOf(limits.controls);
  if (!control) throw new Unreadable(`${limits.title} has no latents, and so no ${what}`);
  return continuous.read(text, control, { what, title: limits.title });
}

/** @param {number[]} z */
const spelledCode = (z) => continuous.write(z, /** @type {any} */ (null));

/** @param {"a" | "b" | "c"} name @returns {Field} */
const pin = (name) => ({
  key: name,
  name: "pins",
  write: ({ pins }) => pins[name] && spelledCode(pins[name]),
  read: (text, limits, sofar) => ({ ...NO_PINS, ...sofar, [name]: code(text, limits, `pin ${name.toUpperCase()}`) }),
});

/** @param {string} text @param {Limits} limits @param {string} what @returns {string} a latent of the model, such as z3 */
function latent(text, limits, what) {
  if (!text.startsWith("z")) throw new Unreadable(`${what} is not known here`);
  return `z${readIndex(text.slice(1), numbersOf(limits.controls)?.size ?? 0, what)}`;
}

/** @param {string} text @param {string} word the one that is written @param {string} what */
function only(text, word, what) {
  if (text !== word) throw new Unreadable(`${what} is not known here`);
  return true;
}

/**
 * What a link holds, and the only place that knows how: a row a field, read and written by the same row.
 *
 * @type {Field[]}
 */
const FIELDS = [
  {
    key: "model",
    name: "model",
    write: ({ model }) => model,
    read: (text) => text,
  },
  {
    key: "example",
    name: "example",
    write: ({ example }) => (example === null ? null : String(example)),
    read: (text, { examples }) => readIndex(text, examples, "its test image"),
  },
  {
    key: "locked",
    name: "locked",
    write: ({ locked }) => (locked.length ? locked.join(",") : null),
    read: (text, limits) => [
      ...new Set(
        text
          .split(",")
          .map((part) => readIndex(part, numbersOf(limits.controls)?.size ?? 0, "one of its locked latents")),
      ),
    ],
  },
  {
    key: "temperature",
    name: "temperature",
    write: ({ temperature }) => (temperature === 1 ? null : String(temperature)),
    read(text) {
      const value = readNumber(text, "its temperature");
      if (value < TEMPERATURES.least || value > TEMPERATURES.most)
        throw new Unreadable("its temperature is off the scale");
      return value;
    },
  },
  {
    key: "writing",
    name: "writing",
    write: ({ writing }) => (writing === WAYS[0] ? null : writing),
    read(text) {
      const way = WAYS.find((one) => one === text);
      if (!way) throw new Unreadable("its way of choosing letters is not known here");
      return way;
    },
  },
  {
    key: "seed",
    name: "seed",
    write: ({ seed }) => (seed === 1 ? null : String(seed)),
    read: (text) => readIndex(text, SEEDS, "its seed"),
  },
  {
    key: "inactive",
    name: "unfolded",
    write: ({ unfolded }) => (unfolded ? "shown" : null),
    read: (text) => only(text, "shown", "what it says of latents that are not used"),
  },
  {
    key: "axes",
    name: "axes",
    write: ({ axes }) => axes || null,
    read(text, limits) {
      if (text === "umap" || text === "pca") return text;
      const axes = text.split(",").map((part) => latent(part, limits, "one of its map's axes"));
      if (axes.length !== 2) throw new Unreadable("its map does not have two axes");
      return axes.join();
    },
  },
  {
    key: "colour",
    name: "colour",
    write: ({ colour }) => (colour === "label" ? null : colour),
    read(text, limits) {
      if (text === "label" || text === "error") return text;
      if (limits.factors.some((factor) => text === `factor:${factor}`)) return text;
      return latent(text, limits, "the colour of its map");
    },
  },
  pin("a"),
  pin("b"),
  pin("c"),
  {
    key: "path",
    name: "slerp",
    write: ({ slerp }) => (slerp ? "spherical" : null),
    read: (text) => only(text, "spherical", "its way from pin to pin"),
  },
  {
    key: "noise",
    name: "noise",
    write: ({ noise: { kind, level, seed } }) => (level ? [kind, level, ...(seed ? [seed] : [])].join() : null),
    read(text) {
      const [kind, level, seed = "0", ...more] = text.split(",");
      if (!isKind(kind) || more.length) throw new Unreadable("its kind of noise is not known here");
      const value = readNumber(level ?? "", "the level of its noise");
      if (value < 0 || value > 1) throw new Unreadable("the level of its noise is off the scale");
      return { ...NO_NOISE, kind, level: value, seed: readIndex(seed, MOST_SEEDS, "the seed of its noise") };
    },
  },
  {
    key: "directions",
    name: "directions",
    write: ({ directions }) =>
      directions
        .map(({ name, vector }) => `${name.replace(IN_A_NAME, encodeURIComponent)}:${spelledCode(vector)}`)
        .join(";") || null,
    read(text, limits) {
      const entries = text.split(";");
      if (entries.length > MOST_DIRECTIONS) throw new Unreadable(`it has more than ${MOST_DIRECTIONS} directions`);
      return entries.map((entry) => direction(entry, limits));
    },
  },
];

/** @param {Control} control @returns {string} what its value is called in a link; a name that means something else gets a prefix */
export const keyOf = ({ name }) =>
  FIELDS.some(({ key }) => key === name) || COMPARISON.includes(name) ? `control.${name}` : name;

/** @param {Control} control @returns {Field} */
const fieldOf = (control) => ({
  key: keyOf(control),
  name: "codes",
  write: ({ codes }) => control.space.write(codes[control.name], control),
  read: (text, { title }, sofar) => ({ ...sofar, [control.name]: control.space.read(text, control, { title }) }),
});

/** @param {Control[]} controls @returns {Field[]} the model first, then where one is in it */
function fieldsOf(controls) {
  const [model, ...others] = FIELDS;
  return [model, ...controls.map(fieldOf), ...others];
}

/** @param {string} entry @param {Limits} limits */
function direction(entry, limits) {
  const [spelled, vector] = entry.split(":");
  let name = "";
  try {
    // Earlier links escaped more of it, which reads the same.
    name = decodeURIComponent(spelled).trim();
  } catch {}
  if (!VISIBLE.test(name) || name.length > LONGEST_NAME || vector === undefined)
    throw new Unreadable("one of its directions has no name");
  const values = code(vector, limits, "a direction");
  // Rounding to three decimals moves the length of ten values by less than this.
  if (Math.abs(Math.hypot(...values) - 1) > 0.02) throw new Unreadable("one of its directions is not of length 1");
  return { name, vector: values };
}

/**
 * @param {Linked} state
 * @param {Control[]} controls whose values it holds
 * @param {[string, string][]} [more] what else it says, by key
 * @returns {string} without the directions, from the last on, and then the pins C, B and A that it has no room for
 */
export function writeLink(state, controls, more = []) {
  const query = written(state, controls, more);
  if (query.length <= LONGEST_QUERY) return query;
  const { directions, pins } = state;
  if (directions.length) return writeLink({ ...state, directions: directions.slice(0, -1) }, controls, more);
  const last = /** @type {const} */ (["c", "b", "a"]).find((name) => pins[name] !== null);
  return last ? writeLink({ ...state, pins: { ...pins, [last]: null } }, controls, more) : query;
}

/** @param {Linked} state @param {Control[]} controls @param {[string, string][]} more */
const written = (state, controls, more) => writeFields(state, fieldsOf(controls), more);

/**
 * @template S
 * @param {S} state
 * @param {FieldOf<S, any>[]} fields
 * @param {[string, string][]} [more] what else it says, by key
 * @returns {string} a query
 */
export function writeFields(state, fields, more = []) {
  const query = new URLSearchParams();
  for (const { key, write } of fields) {
    const text = write(state);
    if (text !== null) query.set(key, text);
  }
  for (const [key, text] of more) query.set(key, text);
  // These need no escape in a query, and a link is easier to read and to type without.
  return query.toString().replace(/%(2C|3A|3B)/g, decodeURIComponent);
}

/** @param {string} query with or without its question mark */
export const isTooLong = (query) => query.replace(/^\?/, "").length > LONGEST_QUERY;

/** @param {string} query @param {string} key @returns {string | null} what a link names by it; nothing where that has no letters */
export const named = (query, key) => (isTooLong(query) ? null : new URLSearchParams(query).get(key) || null);

/** @param {string} query @returns {string | null} the model a link names */
export const linkedModel = (query) => named(query, "model");

/**
 * Reads what a link says about a model's state.
 *
 * @param {string} query
 * @param {Limits} limits
 * @returns {{state: Partial<import("./store.js").State>, problem: string | null}} whose `codes` are those that it holds
 */
export function readLink(query, limits) {
  const [, ...fields] = fieldsOf(limits.controls);
  return readFields(query, fields, limits);
}

/**
 * Reads a link field by field. One that cannot be read is left out, and `problem` says so.
 *
 * @template S, L
 * @param {string} query
 * @param {FieldOf<S, L>[]} fields
 * @param {L} limits
 * @returns {{state: Partial<S>, problem: string | null}}
 */
export function readFields(query, fields, limits) {
  if (isTooLong(query)) {
    return {
      state: {},
      problem: "This link is too long to be one of this explorer, so it was opened without its view.",
    };
  }
  const given = new URLSearchParams(query);
  /** @type {any} */
  const state = {};
  const reasons = [];
  for (const { key, name, read } of fields) {
    const text = given.get(key);
    if (text === null) continue;
    try {
      state[name] = read(text, limits, state[name], state);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      reasons.push(error.message);
    }
  }
  const problem = reasons.length
    ? `Part of this link could not be read (${reasons.join("; ")}), so it was opened without that part: ask the sender for the link again.`
    : null;
  return { state, problem };
}
