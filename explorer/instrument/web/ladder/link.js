import { named, readFields, writeFields } from "../link.js";
import { present } from "../present.js";
import { space as continuous, rounded } from "../spaces/continuous.js";
import { Unreadable } from "../spaces/unreadable.js";
import { finalOf, runOf, runsOf } from "./table.js";

/**
 * @typedef {import("./state.js").State & {name: string, table: import("./table.js").Table}} Linked
 * @typedef {{table: import("./table.js").Table, images: number}} Limits `images`: how many there are to choose from
 */

/** @param {string} text @param {string} what */
function whole(text, what) {
  if (!/^\d{1,9}$/.test(text)) throw new Unreadable(`${what} is not a whole number`);
  return Number(text);
}

/**
 * What a link holds: a row a field, read and written by the same row. Those after it may rely on those before it.
 *
 * @type {import("../link.js").FieldOf<Linked, Limits>[]}
 */
const FIELDS = [
  {
    key: "recipe",
    name: "recipe",
    write: ({ recipe }) => recipe,
    read(text, { table }) {
      if (!table.rows.some(({ recipe }) => recipe === text)) throw new Unreadable("it names no row of this table");
      if (!runsOf(table, text).length) throw new Unreadable("its row has no trained model");
      return text;
    },
  },
  {
    key: "seed",
    name: "seed",
    write: ({ seed }) => String(seed),
    read(text, { table }, _, { recipe }) {
      const seed = whole(text, "its seed");
      if (recipe === undefined || !runOf(table, recipe, seed)) throw new Unreadable("its seed has no trained model");
      return seed;
    },
  },
  {
    key: "step",
    name: "step",
    write: ({ recipe, seed, step, table }) =>
      step === finalOf(present(runOf(table, recipe, seed))).step ? null : String(step),
    read(text, { table }, _, { recipe, seed }) {
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
    read(text, { images }) {
      const image = whole(text, "its image");
      if (image >= images) throw new Unreadable("its image does not exist here");
      return image;
    },
  },
  {
    key: "z",
    name: "z",
    write: ({ keep, z }) => (keep && z ? z.map(rounded).join(",") : null),
    read(text, { table }, _, { recipe, seed }) {
      const run = recipe === undefined || seed === undefined ? undefined : runOf(table, recipe, seed);
      const size = text.split(",").length;
      if (!(run ? [run] : table.runs).some((run) => finalOf(run).latents.length === size))
        throw new Unreadable("its z does not have one value for each latent");
      const control = {
        kind: /** @type {const} */ ("continuous"),
        name: "z",
        size,
        prior: /** @type {const} */ ("standard_normal"),
        levels: null,
      };
      return continuous.read(text, control, { what: "its z" });
    },
  },
];

/** @param {string} query @returns {string | null} the table a link names */
export const linkedTable = (query) => named(query, "table");

/**
 * @param {import("./state.js").State} state
 * @param {import("./table.js").Table} table
 * @param {string} name of the table, which is that of its folder
 * @returns {string}
 */
export function writeLink(state, table, name) {
  return writeFields({ ...state, table, name }, [
    { key: "table", name: "name", write: ({ name }) => name, read: (text) => text },
    ...FIELDS,
  ]);
}

/**
 * What a link says of a table's models.
 *
 * @param {string} query
 * @param {import("./table.js").Table} table
 * @param {number} images how many there are to choose from
 * @returns {{state: Partial<import("./state.js").State>, problem: string | null}}
 */
export function readLink(query, table, images) {
  const replaced = replacedBy(query, table);
  if (replaced) return replaced;
  const { state, problem } = readFields(query, FIELDS, { table, images });
  return { state: state.z ? { ...state, keep: true } : state, problem };
}

/**
 * A link to a row whose place another took opens that one: the seed, the moment and the z of the old one say nothing of it.
 *
 * @param {string} query @param {import("./table.js").Table} table
 */
function replacedBy(query, table) {
  const recipe = named(query, "recipe");
  const row = recipe !== null && table.rows.find(({ formerly }) => formerly?.includes(recipe));
  if (!row || !runsOf(table, row.recipe).length) return null;
  const problem = `This link asks for the row ${recipe}, which ${row.title} has replaced, so that was opened instead.`;
  return { state: { recipe: row.recipe }, problem };
}
