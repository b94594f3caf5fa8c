import { InstrumentError } from "../errors.js";
import { present } from "../present.js";

/**
 * A table of results as `training/results.py` writes it.
 *
 * @typedef {import("../checkpoint/checkpoint.js").Metric} Metric
 * @typedef {import("../checkpoint/checkpoint.js").Latent} Latent
 * @typedef {{recipe: string, title: string, intent: string, seeds: number[], beta: number | null}} Row
 * @typedef {Row & {beta: number}} Rung
 * @typedef {{nats: number[][], entropies_nats: number[], split: string, samples: number, seed: number,
 *   how: string}} Information `nats`: I(z_j; v_k), a row a latent
 * @typedef {{step: number, images: number, metrics: Metric[], latents: Latent[], information: Information | null,
 *   folder: string | null, files: Record<string, {bytes: number, sha256: string}> | null}} Stage
 * @typedef {{recipe: string, seed: number, command: string, images: number, seconds: number, hardware: string,
 *   latents_provenance: {split: string, samples: number, seed: number, how: string}, stages: Stage[],
 *   checkpoint: string | null}} Run its last stage is the trained model
 * @typedef {{version: number, name: string, title: string, intent: string, command: string, metrics: string[],
 *   rows: Row[], runs: Run[], examples: string | null, images?: number | null}} Table `images`: so many
 *   examples, the first, have their codes kept with every model; null: all can be encoded
 */

export const TABLE_VERSION = 1;

/**
 * @param {URL} url of table.json
 * @param {string} name of the table
 * @param {AbortSignal} signal
 * @returns {Promise<Table>}
 */
export async function fetchTable(url, name, signal) {
  let answer;
  try {
    answer = await fetch(url, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new InstrumentError(
      `${name}/table.json could not be fetched: check that the explorer is still running, then reload the page.`,
      error,
    );
  }
  if (!answer.ok) {
    throw new InstrumentError(`There is no table of results named ${name} here: open this page from the menu above.`);
  }
  return readTable(await answer.text(), name);
}

/** @param {unknown} list */
const isList = (list) => Array.isArray(list);

/**
 * @param {string} text
 * @param {string} name
 * @returns {Table} its runs by seed
 */
export function readTable(text, name) {
  const refuse = (/** @type {string} */ reason) => new InstrumentError(`${name}/table.json ${reason}`);
  /** @type {Table} */
  let table;
  try {
    table = JSON.parse(text);
  } catch {
    throw refuse("cannot be read: make the table again.");
  }
  if (table?.version !== TABLE_VERSION) {
    throw refuse(
      `has version ${table?.version}, and this explorer reads version ${TABLE_VERSION}: update the explorer, or make ` +
        "the table again.",
    );
  }
  const again = `run \`${table.command}\` again.`;
  if (![table.rows, table.runs, table.metrics].every(isList)) throw refuse(`lacks rows, runs or metrics: ${again}`);
  for (const run of table.runs) {
    const called = `the run of ${run?.recipe} with seed ${run?.seed}`;
    if (!table.rows.some(({ recipe }) => recipe === run?.recipe)) throw refuse(`has no row for ${called}: ${again}`);
    if (!isList(run.stages) || !run.stages.length || !run.stages.every(isWhole)) {
      throw refuse(`does not describe every latent of ${called}: ${again}`);
    }
  }
  return { ...table, runs: [...table.runs].sort((a, b) => a.seed - b.seed) };
}

/** @param {Stage} stage @returns {boolean} whether what it says of latents and factors fits together */
function isWhole({ metrics, latents, information }) {
  if (!isList(metrics) || !isList(latents) || !latents.length) return false;
  if (!latents.every((latent) => Number.isFinite(latent?.kl_nats) && typeof latent.active === "boolean")) return false;
  if (!information) return true;
  const { nats, entropies_nats: entropies } = information;
  return (
    isList(nats) &&
    isList(entropies) &&
    nats.length === latents.length &&
    nats.every((row) => isList(row) && row.length === entropies.length)
  );
}

/** @param {Row} row */
const isRung = ({ beta }) => typeof beta === "number";

/** @param {Table} table @returns {Rung[]} its rows over β, the smallest first */
export function rungsOf(table) {
  const rungs = table.rows.filter(/** @type {(row: Row) => row is Rung} */ (isRung));
  return rungs.sort((a, b) => a.beta - b.beta);
}

/** @param {Table} table @returns {Row[]} the rows of other objectives */
export const methodsOf = (table) => table.rows.filter((row) => !isRung(row));

/** @param {Table} table @param {string} recipe @returns {Run[]} by seed */
export const runsOf = (table, recipe) => table.runs.filter((run) => run.recipe === recipe);

/** @param {Table} table @param {string} recipe @returns {Row} which every run has, as `readTable` sees to */
export const rowOf = (table, recipe) => present(table.rows.find((row) => row.recipe === recipe));

/** @param {Table} table @param {string} recipe @param {number} seed @returns {Run | undefined} */
export const runOf = (table, recipe, seed) => runsOf(table, recipe).find((run) => run.seed === seed);

/** @param {Table} table @param {string} recipe @returns {number[]} every seed planned or made, rising */
export function seedsOf(table, recipe) {
  const planned = table.rows.find((row) => row.recipe === recipe)?.seeds ?? [];
  const made = runsOf(table, recipe).map(({ seed }) => seed);
  return [...new Set([...planned, ...made])].sort((a, b) => a - b);
}

/** @param {Stage} stage @param {string} name @returns {Metric | undefined} */
export const metricOf = (stage, name) => stage.metrics.find((metric) => metric.name === name);

/** @param {Run} run @returns {Stage} the trained model */
export const finalOf = (run) => run.stages[run.stages.length - 1];
