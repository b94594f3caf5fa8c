import { FIRST } from "./stepper.js";

/**
 * Three ways to write a sequence with a model that gives one token at a time, as `training/models/decoding.py` does it.
 *
 * @typedef {import("./stepper.js").Stepper} Stepper
 * @typedef {Parameters<Stepper["begin"]>[1]} Values
 * @typedef {typeof WAYS[number]} Way
 *
 * @typedef {object} Written
 * @property {number[]} tokens without the one that ends the sequence
 * @property {boolean} ended
 * @property {number} logProbability ln p of all of them, in nats, with the one that ends it where it has ended
 * @property {Float64Array[]} choices ln p of every token, at each place that was written, the end's too
 */

/** As a link names them, the one that is not named first. */
export const WAYS = /** @type {const} */ (["greedy", "sampled", "beam"]);

/** Seeds are smaller. */
export const SEEDS = 1_000_000;

/**
 * @param {Float32Array} logits of all sequences
 * @param {number} row
 * @param {number} tokens V
 * @returns {Float64Array} ln p of each token
 */
export function logSoftmax(logits, row, tokens) {
  const found = Float64Array.from(logits.subarray(row * tokens, (row + 1) * tokens));
  const most = found.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (const value of found) sum += Math.exp(value - most);
  const norm = most + Math.log(sum);
  return found.map((value) => value - norm);
}

/** @param {Float64Array} logP @returns {number} the likeliest token, the first of several */
export function likeliest(logP) {
  let best = 0;
  for (let token = 1; token < logP.length; token++) if (logP[token] > logP[best]) best = token;
  return best;
}

/**
 * @param {Float64Array} logP
 * @param {() => number} uniform draws from [0, 1)
 * @param {number} temperature 1: the model's own probabilities; below, likely tokens become likelier
 * @returns {number} a token drawn from p^(1 / temperature), normalised
 */
export function drawn(logP, uniform, temperature) {
  const most = logP.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = logP.map((value) => Math.exp((value - most) / temperature));
  let rest = uniform() * weights.reduce((a, b) => a + b, 0);
  let last = 0;
  for (let token = 0; token < weights.length; token++) {
    if (weights[token] === 0) continue;
    last = token;
    rest -= weights[token];
    if (rest < 0) break;
  }
  return last;
}

/**
 * Writes token after token; the reader sets the pace, and may stop.
 *
 * @param {Stepper} stepper
 * @param {Values} values of one sequence
 * @param {(logP: Float64Array) => number} choose
 * @param {readonly number[]} [given] tokens that it begins with; they count in its probability
 * @returns {AsyncGenerator<Written, void>} what stands there after each token that was chosen
 */
export async function* follow(stepper, values, choose, given = []) {
  const { tokens: vocabulary, longest, end } = stepper;
  let state = stepper.begin(1, values);
  let token = FIRST;
  /** @type {Written} */
  let written = { tokens: [], ended: false, logProbability: 0, choices: [] };
  while (!written.ended && written.tokens.length < longest + (end === null ? 0 : 1)) {
    const step = await stepper.next(state, [token]);
    const logP = logSoftmax(step.logits, 0, vocabulary);
    state = step.state;
    // One that is as long as any can be is ended, however unlikely the model holds that.
    const at = written.tokens.length;
    token = at < given.length ? given[at] : end === null || at < longest ? choose(logP) : end;
    const ended = token === end;
    written = {
      tokens: ended ? written.tokens : [...written.tokens, token],
      ended: ended || (end === null && at + 1 === longest),
      logProbability: written.logProbability + logP[token],
      choices: [...written.choices, logP],
    };
    if (at >= given.length) yield written;
  }
}

/**
 * The likeliest token, again and again; not the likeliest sequence.
 *
 * @param {Stepper} stepper
 * @param {Values} [values]
 * @param {readonly number[]} [given] tokens that it begins with
 */
export const greedy = (stepper, values, given) => follow(stepper, values, likeliest, given);

/**
 * @param {Stepper} stepper
 * @param {Values} values
 * @param {() => number} uniform
 * @param {number} [temperature]
 * @param {readonly number[]} [given] tokens that it begins with
 */
export const sampled = (stepper, values, uniform, temperature = 1, given = []) =>
  follow(stepper, values, (logP) => drawn(logP, uniform, temperature), given);

/**
 * The likeliest sequences that are found by keeping only `width` beginnings at a time.
 *
 * @param {Stepper} stepper
 * @param {Values} values of one sequence; all beginnings have them
 * @param {number} width
 * @returns {AsyncGenerator<Written[], void>} after each token the beginnings that are kept, and last of all what was found,
 *   likeliest first
 */
export async function* beam(stepper, values, width) {
  const { tokens: vocabulary, longest, end } = stepper;
  /** @type {Written[]} */
  const finished = [];
  /** @type {Written[]} */
  let beginnings = [{ tokens: [], ended: false, logProbability: 0, choices: [] }];
  let state = stepper.begin(1, values);
  const byProbability = (/** @type {Written} */ a, /** @type {Written} */ b) => b.logProbability - a.logProbability;
  for (let place = 0; place < longest + (end === null ? 0 : 1); place++) {
    const last = beginnings.map(({ tokens }) => tokens.at(-1) ?? FIRST);
    const step = await stepper.next(state, last);
    /** @type {{row: number, token: number, total: number}[]} */
    const nexts = [];
    const choices = beginnings.map((_, row) => logSoftmax(step.logits, row, vocabulary));
    beginnings.forEach((beginning, row) => {
      choices[row].forEach((logP, token) => {
        const total = beginning.logProbability + logP;
        if (token !== end) return void nexts.push({ row, token, total });
        const all = [...beginning.choices, choices[row]];
        finished.push({ tokens: beginning.tokens, ended: true, logProbability: total, choices: all });
      });
    });
    if (place === longest) break;
    nexts.sort((a, b) => b.total - a.total);
    nexts.length = Math.min(width, nexts.length);
    const before = beginnings;
    beginnings = nexts.map(({ row, token, total }) => ({
      tokens: [...before[row].tokens, token],
      ended: end === null && place === longest - 1,
      logProbability: total,
      choices: [...before[row].choices, choices[row]],
    }));
    state = stepper.choose(
      step.state,
      nexts.map(({ row }) => row),
    );
    // A beginning only loses by going on, so nothing kept can still beat `width` finished ones that are likelier.
    finished.sort(byProbability).splice(width);
    yield beginnings;
    if (finished.length === width && finished[width - 1].logProbability >= beginnings[0].logProbability) break;
  }
  yield (end === null ? beginnings : finished).sort(byProbability).slice(0, width);
}

/**
 * What is written greedily at many values at once, all in one batch.
 *
 * @param {Stepper} stepper
 * @param {number} count
 * @param {Values} values batches of `count`
 * @returns {Promise<number[][]>} the tokens of each
 */
export async function greedyAll(stepper, count, values) {
  const { tokens: vocabulary, longest, end } = stepper;
  /** @type {number[][]} */
  const written = Array.from({ length: count }, () => []);
  const ended = new Array(count).fill(false);
  let state = stepper.begin(count, values);
  let last = new Array(count).fill(FIRST);
  for (let place = 0; place < longest && !ended.every(Boolean); place++) {
    const step = await stepper.next(state, last);
    state = step.state;
    last = written.map((tokens, row) => {
      const token = likeliest(logSoftmax(step.logits, row, vocabulary));
      ended[row] ||= token === end;
      if (!ended[row]) tokens.push(token);
      return ended[row] ? FIRST : token;
    });
  }
  return written;
}

/**
 * Lets the page draw as a sequence grows: what is written within `ms` is one frame, and then the next one is waited for.
 *
 * @template T
 * @param {AsyncGenerator<T, void>} writing
 * @param {(written: T) => void} show at most once a frame, and for the last one
 * @param {() => boolean} isOver whether to stop, because the rest is no longer wanted
 * @param {number} [ms]
 * @returns {Promise<T | null>} the last one; nothing where it was stopped
 */
export async function appear(writing, show, isOver, ms = 8) {
  let since = performance.now();
  /** @type {T | null} */
  let last = null;
  for await (const written of writing) {
    if (isOver()) return null;
    last = written;
    if (performance.now() - since < ms) continue;
    show(written);
    await new Promise((resolve) => requestAnimationFrame(resolve));
    if (isOver()) return null;
    since = performance.now();
  }
  if (last !== null) show(last);
  return last;
}
