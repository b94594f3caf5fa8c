import { InstrumentError } from "../errors.js";
import { present } from "../present.js";
import { ask } from "../shelf/http.js";

/**
 * A table of results, of models that this page can compare.
 *
 * @typedef {import("../checkpoint/checkpoint.js").Metric} Metric
 * @typedef {import("../checkpoint/contract.js").Latent & {kl_nats: number, posterior_std: number}} Latent of a model with a prior
 * @typedef {import("../checkpoint/contract.js").Row} Row
 * @typedef {Row & {beta: number}} Rung
 * @typedef {import("../checkpoint/contract.js").Information} Information `nats`: I(z_j; v_k), a row a latent
 * @typedef {Omit<import("../checkpoint/contract.js").Stage, "latents"> & {latents: Latent[]}} Stage
 * @typedef {Omit<import("../checkpoint/contract.js").Run, "stages"> & {stages: Stage[]}} Run its last stage is the trained
 *   model
 * @typedef {Omit<import("../checkpoint/contract.js").Table, "runs"> & {runs: Run[]}} Table
 */

const TABLE_VERSION = 1;

/**
 * @param {URL} url of table.json
 * @param {string} name of the table
 * @param {AbortSignal} signal
 * @returns {Promise<Table>}
 */
export async function fetchTable(url, name, signal) {
  const answer = await ask(url, `${name}/table.json`, signal);
  if (!answer.ok) {
    throw new InstrumentError(`There is no table of results named ${name} here: open this page from the menu above.`);
  }
  return readTable(await answer.text(), name);
}

/**
 * The server has read and checked the table. What only this page knows is whether it can compare such models.
 *
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
  const ofStages = table.runs.flatMap(({ stages }) => stages.flatMap(({ latents }) => latents));
  if (ofStages.some(({ kl_nats: kl }) => kl === null)) {
    throw refuse("has a model without a KL, by which this page orders latents.");
  }
  return { ...table, runs: [...table.runs].sort((a, b) => a.seed - b.seed) };
}

/** @param {Row} row */
const isRung = ({ beta }) => typeof beta === "number";

/** @param {Table} table @returns {Row[]} those that were trained: of a plan nothing can be shown */
const madeOf = (table) => table.rows.filter(({ recipe }) => runsOf(table, recipe).length > 0);

/** @param {Table} table @returns {Rung[]} its trained rows over β, the smallest first */
export function rungsOf(table) {
  const rungs = madeOf(table).filter(/** @type {(row: Row) => row is Rung} */ (isRung));
  return rungs.sort((a, b) => a.beta - b.beta);
}

/** @param {Table} table @returns {Row[]} the trained rows of other objectives */
export const methodsOf = (table) => madeOf(table).filter((row) => !isRung(row));

/** @param {Table} table @param {string} recipe @returns {Run[]} by seed */
export const runsOf = (table, recipe) => table.runs.filter((run) => run.recipe === recipe);

/** @param {Table} table @param {string} recipe @returns {Row} which every run has, as `readTable` sees to */
export const rowOf = (table, recipe) => present(table.rows.find((row) => row.recipe === recipe));

/** @param {Table} table @param {string} recipe @param {number} seed @returns {Run | undefined} */
export const runOf = (table, recipe, seed) => runsOf(table, recipe).find((run) => run.seed === seed);

/** @param {Stage} stage @param {string} name @returns {Metric | undefined} */
export const metricOf = (stage, name) => stage.metrics.find((metric) => metric.name === name);

/** @param {Run} run @returns {Stage} the trained model */
export const finalOf = (run) => run.stages[run.stages.length - 1];

/**
 * @param {Table} table
 * @returns {Run[]} a run of β = 1, or else of the smallest β, and one of the largest: what β does is plainest between them.
 *   None where there is only one β
 */
export function endsOf(table) {
  const rungs = rungsOf(table);
  const low = rungs.find(({ beta }) => beta === 1) ?? rungs[0];
  const high = rungs[rungs.length - 1];
  return low && low.beta !== high.beta ? [low, high].map(({ recipe }) => runsOf(table, recipe)[0]) : [];
}
