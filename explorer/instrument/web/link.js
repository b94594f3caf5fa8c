import { rounded } from "./store.js";

/** The largest |z| that can be typed or linked: the prior lands beyond it once in 1.7 million draws of a latent. */
export const LARGEST_Z = 5;
export const TEMPERATURES = { least: 0.1, most: 2 };

const NO_PINS = { a: null, b: null, c: null };
const MOST_DIRECTIONS = 12;
const LONGEST_NAME = 60;

/** What ends a name in a link, or is a part of it; nothing else of a name is escaped (`URLSearchParams` does the rest). */
const IN_A_NAME = /[%:;,]/g;

/** Of a query, in characters, as in Python (`state.py`): `writeLink` leaves out what exceeds it, and none longer is read. */
export const LONGEST_QUERY = 20_000;

/** A name that nobody could see is none. */
const VISIBLE = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;

/**
 * @typedef {{latents: number, examples: number, title: string, factors: string[]}} Limits
 * @typedef {import("./store.js").State & {model: string}} Linked
 * @typedef {{key: string, name: keyof Linked, write(state: Linked): string | null,
 *   read(text: string, limits: Limits, sofar: any): any}} Field `sofar`: what rows before it read of the same name
 */

class Unreadable extends Error {}

/** @param {string} text @param {string} what */
function number(text, what) {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value)) throw new Unreadable(`${what} is not a number`);
  return value;
}

/** @param {string} text @param {number} count @param {string} what */
function index(text, count, what) {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (!(value < count)) throw new Unreadable(`${what} does not exist here`);
  return value;
}

/** @param {string} text @param {Limits} limits @param {string} what */
function code(text, { latents, title }, what) {
  const z = text.split(",").map((part) => number(part, `${what} has a value that`));
  if (z.length !== latents)
    throw new Unreadable(
      `it has ${z.length} value${z.length === 1 ? "" : "s"} of ${what} where ${title} has ${latents} latents`,
    );
  if (z.some((value) => Math.abs(value) > LARGEST_Z)) throw new Unreadable(`${what} has a value beyond ±${LARGEST_Z}`);
  return z.map(rounded);
}

/** @param {number[]} z */
const spelledCode = (z) => z.map(rounded).join(",");

/** @param {"a" | "b" | "c"} name @returns {Field} */
const pin = (name) => ({
  key: name,
  name: "pins",
  write: ({ pins }) => pins[name] && spelledCode(pins[name]),
  read: (text, limits, sofar) => ({ ...NO_PINS, ...sofar, [name]: code(text, limits, `pin ${name.toUpperCase()}`) }),
});

/** @param {string} text @param {Limits} limits @param {string} what @returns {string} a latent of the model, such as z3 */
function latent(text, { latents }, what) {
  if (!text.startsWith("z")) throw new Unreadable(`${what} is not known here`);
  return `z${index(text.slice(1), latents, what)}`;
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
    key: "z",
    name: "z",
    write: ({ z }) => spelledCode(z),
    read: (text, limits) => code(text, limits, "z"),
  },
  {
    key: "example",
    name: "example",
    write: ({ example }) => (example === null ? null : String(example)),
    read: (text, { examples }) => index(text, examples, "its test image"),
  },
  {
    key: "locked",
    name: "locked",
    write: ({ locked }) => (locked.length ? locked.join(",") : null),
    read: (text, { latents }) => [
      ...new Set(text.split(",").map((part) => index(part, latents, "one of its locked latents"))),
    ],
  },
  {
    key: "temperature",
    name: "temperature",
    write: ({ temperature }) => (temperature === 1 ? null : String(temperature)),
    read(text) {
      const value = number(text, "its temperature");
      if (value < TEMPERATURES.least || value > TEMPERATURES.most)
        throw new Unreadable("its temperature is off the scale");
      return value;
    },
  },
  {
    key: "inactive",
    name: "unfolded",
    write: ({ unfolded }) => (unfolded ? "shown" : null),
    read: (text) => text === "shown",
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
    read: (text) => text === "spherical",
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
 * @returns {string} without the directions, from the last on, and then the pins C, B and A that it has no room for
 */
export function writeLink(state) {
  const query = written(state);
  if (query.length <= LONGEST_QUERY) return query;
  const { directions, pins } = state;
  if (directions.length) return writeLink({ ...state, directions: directions.slice(0, -1) });
  const last = /** @type {const} */ (["c", "b", "a"]).find((name) => pins[name] !== null);
  return last ? writeLink({ ...state, pins: { ...pins, [last]: null } }) : query;
}

/** @param {Linked} state */
function written(state) {
  const query = new URLSearchParams();
  for (const { key, write } of FIELDS) {
    const text = write(state);
    if (text !== null) query.set(key, text);
  }
  // These need no escape in a query, and a link is easier to read and to type without.
  return query.toString().replace(/%(2C|3A|3B)/g, decodeURIComponent);
}

/** @param {string} query with or without its question mark */
const isTooLong = (query) => query.replace(/^\?/, "").length > LONGEST_QUERY;

/** @param {string} query @returns {string | null} the model a link names; one without letters names none */
export function linkedModel(query) {
  return isTooLong(query) ? null : new URLSearchParams(query).get("model") || null;
}

/**
 * Reads what a link says about a model's state. A field that cannot be read is left out, and `problem` says so.
 *
 * @param {string} query
 * @param {Limits} limits
 * @returns {{state: Partial<import("./store.js").State>, problem: string | null}}
 */
export function readLink(query, limits) {
  if (isTooLong(query)) {
    return {
      state: {},
      problem: "This link is too long to be one of this explorer, so it was opened without its view.",
    };
  }
  const given = new URLSearchParams(query);
  /** @type {Record<string, any>} */
  const state = {};
  const reasons = [];
  for (const { key, name, read } of FIELDS) {
    const text = given.get(key);
    if (text === null || name === "model") continue;
    try {
      state[name] = read(text, limits, state[name]);
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
