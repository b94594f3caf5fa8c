import { present } from "../present.js";
import { rounded } from "../spaces/continuous.js";
import { finalOf, runOf, runsOf } from "./table.js";

/** The largest |z| that is read: the prior lies beyond it once in 1.7 million draws of a latent. */
const LARGEST_Z = 5;
const LONGEST_QUERY = 20_000;

class Unreadable extends Error {}

/** @param {string} text @param {string} what */
function whole(text, what) {
  if (!/^\d{1,9}$/.test(text)) throw new Unreadable(`${what} is not a whole number`);
  return Number(text);
}

/**
 * What a link holds: a row a field, read and written by the same row. Those after it may rely on those before it.
 *
 * @typedef {import("./state.js").State} State
 * @typedef {import("./table.js").Table} Table
 *
 * @type {{key: string, name: keyof State, write(state: State, table: Table): string | null,
 *   read(text: string, table: Table, images: number, sofar: Partial<State>): any}[]}
 */
const FIELDS = [
  {
    key: "recipe",
    name: "recipe",
    write: ({ recipe }) => recipe,
    read(text, table) {
      if (!table.rows.some(({ recipe }) => recipe === text)) throw new Unreadable("it names no row of this table");
      if (!runsOf(table, text).length) throw new Unreadable("its row was not trained here");
      return text;
    },
  },
  {
    key: "seed",
    name: "seed",
    write: ({ seed }) => String(seed),
    read(text, table, _images, { recipe }) {
      const seed = whole(text, "its seed");
      if (recipe === undefined || !runOf(table, recipe, seed)) throw new Unreadable("its seed was not trained here");
      return seed;
    },
  },
  {
    key: "step",
    name: "step",
    write: ({ recipe, seed, step }, table) =>
      step === finalOf(present(runOf(table, recipe, seed))).step ? null : String(step),
    read(text, table, _images, { recipe, seed }) {
      const step = whole(text, "its moment of training");
      const run = recipe === undefined || seed === undefined ? undefined : runOf(table, recipe, seed);
      if (!run?.stages.some((stage) => stage.step === step))
        throw new Unreadable("its moment of training was not kept");
      return step;
    },
  },
  {
    key: "image",
    name: "image",
    write: ({ image }) => String(image),
    read(text, _table, images) {
      const image = whole(text, "its image");
      if (image >= images) throw new Unreadable("its image does not exist here");
      return image;
    },
  },
  {
    key: "z",
    name: "z",
    write: ({ keep, z }) => (keep && z ? z.map(rounded).join(",") : null),
    read(text, table, _images, { recipe, seed }) {
      const z = text.split(",").map((part) => (/^[+-]?(\d+\.?\d*|\.\d+)$/.test(part) ? Number(part) : NaN));
      if (!z.every((value) => Math.abs(value) <= LARGEST_Z))
        throw new Unreadable(`its z has a value that is not a number within ±${LARGEST_Z}`);
      const run = recipe === undefined || seed === undefined ? undefined : runOf(table, recipe, seed);
      if (!(run ? [run] : table.runs).some((run) => finalOf(run).latents.length === z.length))
        throw new Unreadable("its z does not have one value for each latent");
      return z.map(rounded);
    },
  },
];

/** @param {string} query @returns {string | null} the table a link names */
export const linkedTable = (query) =>
  query.length > LONGEST_QUERY ? null : new URLSearchParams(query).get("table") || null;

/**
 * @param {import("./state.js").State} state
 * @param {import("./table.js").Table} table
 * @param {string} name of the table, which is that of its folder
 * @returns {string}
 */
export function writeLink(state, table, name) {
  const query = new URLSearchParams({ table: name });
  for (const { key, write } of FIELDS) {
    const text = write(state, table);
    if (text !== null) query.set(key, text);
  }
  return query.toString().replaceAll("%2C", ",");
}

/**
 * What a link says. A field that cannot be read is left out, and `problem` says so.
 *
 * @param {string} query
 * @param {import("./table.js").Table} table
 * @param {number} images how many there are to choose from
 * @returns {{state: Partial<import("./state.js").State>, problem: string | null}}
 */
export function readLink(query, table, images) {
  const given = new URLSearchParams(query.length > LONGEST_QUERY ? "" : query);
  /** @type {any} */
  const state = {};
  const reasons = [];
  for (const { key, name, read } of FIELDS) {
    const text = given.get(key);
    if (text === null) continue;
    try {
      state[name] = read(text, table, images, state);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      reasons.push(error.message);
    }
  }
  if (state.z) state.keep = true;
  const problem = reasons.length
    ? `Part of this link could not be read (${reasons.join("; ")}), so it was opened without that part: ask the sender ` +
      "for the link again."
    : null;
  return { state, problem };
}
