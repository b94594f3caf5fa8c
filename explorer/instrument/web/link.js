import { rounded } from "./store.js";

/** The largest |z| that can be typed or linked: the prior lands beyond it once in 1.7 million draws of a latent. */
export const LARGEST_Z = 5;
export const TEMPERATURES = { least: 0.1, most: 2 };

/** Longer than 1,024 latents can make it: what exceeds it was not written here. */
const LONGEST_QUERY = 20_000;

/**
 * @typedef {{latents: number, examples: number, title: string}} Limits
 * @typedef {import("./store.js").State & {model: string}} Linked
 * @typedef {{key: string, name: keyof Linked, write(state: Linked): string | null,
 *   read(text: string, limits: Limits): any}} Field
 */

class Unreadable extends Error {}

/** @param {string} text @param {string} what */
function number(text, what) {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value)) throw new Unreadable(`${what} is no number`);
  return value;
}

/** @param {string} text @param {number} count @param {string} what */
function index(text, count, what) {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (!(value < count)) throw new Unreadable(`${what} does not exist here`);
  return value;
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
    write: ({ z }) => z.map(rounded).join(","),
    read(text, { latents, title }) {
      const z = text.split(",").map((part) => number(part, "one of its z"));
      if (z.length !== latents)
        throw new Unreadable(
          `it has ${z.length} value${z.length === 1 ? "" : "s"} of z where ${title} has ${latents} latents`,
        );
      if (z.some((value) => Math.abs(value) > LARGEST_Z))
        throw new Unreadable(`one of its z is beyond ±${LARGEST_Z}`);
      return z.map(rounded);
    },
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
];

/** @param {Linked} state @returns {string} */
export function writeLink(state) {
  const query = new URLSearchParams();
  for (const { key, write } of FIELDS) {
    const text = write(state);
    if (text !== null) query.set(key, text);
  }
  // A comma needs no escape in a query, and a link is easier to read and to type without.
  return query.toString().replaceAll("%2C", ",");
}

/** @param {string} query @returns {string | null} the model a link names; one without letters names none */
export function linkedModel(query) {
  return query.length > LONGEST_QUERY ? null : new URLSearchParams(query).get("model") || null;
}

/**
 * Reads what a link says about a model's state. A field that cannot be read is left out, and `problem` says so.
 *
 * @param {string} query
 * @param {Limits} limits
 * @returns {{state: Partial<import("./store.js").State>, problem: string | null}}
 */
export function readLink(query, limits) {
  if (query.length > LONGEST_QUERY) {
    return {
      state: {},
      problem: "This link is too long to be one of ours, so the view opened at its start.",
    };
  }
  const given = new URLSearchParams(query);
  const state = {};
  const reasons = [];
  for (const { key, name, read } of FIELDS) {
    const text = given.get(key);
    if (text === null || name === "model") continue;
    try {
      state[name] = read(text, limits);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      reasons.push(error.message);
    }
  }
  const problem = reasons.length
    ? `Part of this link could not be read (${reasons.join("; ")}), so that part opened at its start: ask the sender for the link again.`
    : null;
  return { state, problem };
}
