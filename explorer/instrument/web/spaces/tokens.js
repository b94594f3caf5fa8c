import { Unreadable } from "./unreadable.js";

/** @typedef {import("../checkpoint/contract.js").Tokens} Control */

/** The token that stands before the first symbol, and ends a sequence. */
export const END = 0;

/** What may stand between symbols of more than one character. */
const BETWEEN = [" ", "/", ",", "|", "·"];

/** @param {readonly string[]} alphabet @returns {string} what stands between two symbols, so that they can be told apart */
export function separator(alphabet) {
  if (alphabet.every((symbol) => [...symbol].length === 1)) return "";
  return BETWEEN.find((mark) => !alphabet.some((symbol) => symbol.includes(mark))) ?? "\u2063";
}

/** @param {readonly number[]} tokens @param {readonly string[]} alphabet @returns {string} */
export const spelled = (tokens, alphabet) => tokens.map((token) => alphabet[token - 1]).join(separator(alphabet));

/** @param {readonly string[]} alphabet @returns {string} such as “a to z”, where it is a run of characters */
export function spelledAlphabet(alphabet) {
  const points = alphabet.map((symbol) => ([...symbol].length === 1 ? symbol.codePointAt(0) : undefined));
  const isRun = points.every((point, at) => point !== undefined && point === Number(points[0]) + at);
  if (isRun && alphabet.length > 3) return `${alphabet[0]} to ${alphabet[alphabet.length - 1]}`;
  return alphabet.length > 40 ? `${alphabet.slice(0, 40).join(" ")} …` : alphabet.join(" ");
}

/**
 * The tokens of what a person typed. Capitals are read as small letters where the alphabet has only those.
 *
 * @param {string} text
 * @param {{name: string, alphabet: readonly string[], longest: number}} control
 * @returns {number[]}
 */
export function tokensOf(text, { name, alphabet, longest }) {
  const between = separator(alphabet);
  const tidy = text.normalize("NFC").trim();
  if (tidy === "") throw new Unreadable(`the ${name} is empty`);
  const symbols = between === "" ? [...tidy] : tidy.split(between).filter((symbol) => symbol !== "");
  const tokens = symbols.map((symbol) => {
    const place = alphabet.indexOf(symbol);
    return (place >= 0 ? place : alphabet.indexOf(symbol.toLowerCase())) + 1;
  });
  const unknown = tokens.indexOf(0);
  if (unknown >= 0) {
    const alien = symbols[unknown].slice(0, 40);
    throw new Unreadable(`“${alien}” is not in the model's alphabet, ${spelledAlphabet(alphabet)}`);
  }
  if (tokens.length > longest) {
    const symbolsName = between === "" ? "letters" : "symbols";
    throw new Unreadable(`the ${name} has ${tokens.length} ${symbolsName}, and the model reads at most ${longest}`);
  }
  return tokens;
}

/**
 * A sequence of symbols: the value is their places in the alphabet, from 1.
 *
 * @type {import("./index.js").Space<number[], Control>}
 */
export const space = {
  kind: "tokens",

  start: () => [],

  same: (a, b) => a === b || (a.length === b.length && a.every((token, at) => token === b[at])),

  /** The empty one stands in no link. */
  write: (value, control) => (value.length ? spelled(value, control.alphabet) : null),

  read: tokensOf,

  /** Filled up with the token that ends a sequence. */
  tensor(values, { longest }) {
    const data = new BigInt64Array(values.length * longest);
    values.forEach((value, row) => {
      value.forEach((token, at) => {
        data[row * longest + at] = BigInt(token);
      });
    });
    return { type: "int64", data, dims: [values.length, longest] };
  },

  /** Up to the token that ends it. */
  fromTensor(data) {
    const tokens = Array.from(data, Number);
    const end = tokens.indexOf(END);
    return end < 0 ? tokens : tokens.slice(0, end);
  },
};
