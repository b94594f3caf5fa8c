import { allFinite } from "../engine/pixels.js";
import { EXPORT_AGAIN } from "../engine/session.js";
import { InstrumentError } from "../errors.js";

/**
 * The `step` graph of a model that writes one token after the other: it takes the token before, the values of the
 * controls, and what the step before left, and gives the logits of the next token.
 *
 * @typedef {object} State what a step leaves to the next one; its tensors go back into the engine as they came out of it
 * @property {number} count of sequences written side by side
 * @property {Record<string, Tensor>} feeds by the inputs' names
 *
 * @typedef {object} Stepper
 * @property {number} tokens V, how many different ones there are
 * @property {number} longest tokens at most
 * @property {number | null} end the token that ends a sequence; nothing where all have `longest` tokens
 * @property {(count: number, values?: Record<string, Tensor>) => State} begin
 *   `values` are batches of `count` of the controls that the graph takes, by name
 * @property {(state: State, before: number[]) => Promise<{logits: Float32Array, state: State}>} next `before` are the tokens
 *   written last, 0 at first; the logits are `count` × V
 * @property {(state: State, rows: number[]) => State} choose those sequences, in that order
 * @property {() => void} release
 *
 * @typedef {import("../checkpoint/contract.js").Card} Card
 * @typedef {import("../checkpoint/contract.js").Port} Port
 * @typedef {{type: string, data: any, dims: readonly number[]}} Tensor
 */

const ARRAYS = { float32: Float32Array, int64: BigInt64Array, int32: Int32Array };

/** What the first step reads. */
export const FIRST = 0;

/**
 * Opens a step graph and tries two steps of two sequences, so that a wrong file is refused before anything is written.
 *
 * @param {import("../engine/graph.js").Opened} opened the graph's file, whose ports are those of the card
 * @param {Pick<Card, "controls" | "graphs">} card
 * @param {string} file as messages name it
 * @param {string} [again] what to do where it is not that
 * @returns {Promise<Stepper>}
 */
export async function openStepper(opened, card, file, again = EXPORT_AGAIN) {
  const { inputs, outputs } = /** @type {import("../checkpoint/contract.js").Graph} */ (card.graphs.step);
  const token = inputs.find(({ role }) => role === "token");
  const logits = outputs.find(({ role }) => role === "logits");
  const control = card.controls.find(({ name }) => name === token?.control);
  if (!token || !logits || (control?.kind !== "tokens" && control?.kind !== "code_grid")) {
    throw new InstrumentError(
      `${file} should take a token of a word or of a grid of codes and give logits; its card says otherwise: ${again}`,
    );
  }
  const isWord = control.kind === "tokens";
  const tokens = isWord ? control.alphabet.length + 1 : control.codes;
  const longest = isWord ? control.longest : control.height * control.width;
  const states = inputs.filter(({ role }) => role === "state");
  const given = inputs.filter(({ role }) => role === "value");
  const returned = (/** @type {Port} */ { name }) => `next_${name}`;

  /** @param {Port} port @param {number} count */
  function zeros({ name, dtype, shape }, count) {
    const dims = shape.map((size) => (size === "batch" ? count : Number(size)));
    if (!(dtype in ARRAYS) || dims.some(Number.isNaN)) {
      throw new InstrumentError(
        `${file} takes \`${name}\` as ${dtype} ${shape.join(" × ")}, which this page cannot begin with: ${again}`,
      );
    }
    const size = dims.reduce((product, side) => product * side, 1);
    return { type: dtype, data: new ARRAYS[/** @type {keyof typeof ARRAYS} */ (dtype)](size), dims };
  }

  /** @type {Stepper} */
  const stepper = {
    tokens,
    longest,
    end: isWord ? 0 : null,

    begin(count, values = {}) {
      /** @type {Record<string, Tensor>} */
      const feeds = {};
      for (const port of states) feeds[port.name] = zeros(port, count);
      for (const { name, control: of } of given) feeds[name] = values[String(of)];
      return { count, feeds };
    },

    async next({ count, feeds }, before) {
      const data = token.dtype === "int32" ? Int32Array.from(before) : BigInt64Array.from(before, BigInt);
      const read = /** @type {any} */ ({ type: token.dtype, data, dims: [count] });
      const found = await opened.run({ .../** @type {any} */ (feeds), [token.name]: read });
      const { type, dims, data: values } = found[logits.name];
      if (type !== "float32" || dims.join() !== `${count},${tokens}`) {
        throw new InstrumentError(
          `${file} gives \`${logits.name}\` as ${type} ${dims.join(" × ")}, where the card says float32 ` +
            `${count} × ${tokens}: ${again}`,
        );
      }
      const next = { ...feeds };
      for (const port of states) next[port.name] = found[returned(port)];
      return { logits: values, state: { count, feeds: next } };
    },

    choose({ count, feeds }, rows) {
      if (rows.length === count && rows.every((row, at) => row === at)) return { count, feeds };
      /** @type {Record<string, Tensor>} */
      const chosen = {};
      for (const [name, { type, data, dims }] of Object.entries(feeds)) {
        const size = data.length / count;
        const picked = new data.constructor(rows.length * size);
        rows.forEach((row, at) => {
          picked.set(data.subarray(row * size, (row + 1) * size), at * size);
        });
        chosen[name] = { type, data: picked, dims: [rows.length, ...dims.slice(1)] };
      }
      return { count: rows.length, feeds: chosen };
    },

    release: () => opened.release(),
  };

  try {
    await check();
  } catch (error) {
    if (error instanceof InstrumentError) throw refused(error.message, error.cause);
    throw refused(`${file} does not write two sequences side by side, a token at a time: ${again}`, error);
  }
  return stepper;

  async function check() {
    const values = Object.fromEntries(given.map((port) => [String(port.control), /** @type {any} */ (zeros(port, 2))]));
    const first = await stepper.next(stepper.begin(2, values), [FIRST, FIRST]);
    const second = await stepper.next(first.state, [tokens - 1, 0]);
    if (!allFinite(first.logits) || !allFinite(second.logits)) {
      throw new InstrumentError(`${file} returns NaN or infinity: train it again, then export it.`);
    }
  }

  /** @param {string} sentence @param {unknown} [cause] */
  function refused(sentence, cause) {
    stepper.release();
    return new InstrumentError(sentence, cause);
  }
}
