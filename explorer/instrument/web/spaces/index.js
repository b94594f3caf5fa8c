import { space as categorical } from "./categorical.js";
import { space as codeGrid } from "./code-grid.js";
import { space as continuous } from "./continuous.js";
import { space as image } from "./image.js";
import { space as tokens } from "./tokens.js";

/**
 * @typedef {{type: "float32", data: Float32Array, dims: number[]} |
 *   {type: "int64", data: BigInt64Array, dims: number[]}} Tensor
 */

/**
 * What a person can move and a decoder takes. A value is never changed in place: a part that keeps one can tell by `===` that
 * nothing has moved.
 *
 * @template V
 * @template {{kind: string, name: string}} C
 * @typedef {object} Space
 * @property {C["kind"]} kind
 * @property {(control: C) => V} start what it opens on where nothing else is said
 * @property {(a: V, b: V) => boolean} same
 * @property {(value: V) => V} [kept] the value that a link holds, where that is not the value itself
 * @property {(value: V, control: C) => string | null} write for a link, before its escapes; nothing for what needs no saying
 * @property {(text: string, control: C, said?: {what?: string, title?: string}) => V} read throws `Unreadable`; `what` is
 *   said of the value in its sentence, and `title` of the model
 * @property {(value: V, control: C) => string} [words] the value as a screen reader says it, where `write` is not to be read out
 * @property {(control: C, random: () => number, temperature: number) => V | null} [sample] a draw from the prior; nothing
 *   where there is none. `random` is uniform in [0, 1)
 * @property {(a: V, b: V, t: number, control: C) => V} [between]
 * @property {(values: V[], control: C) => Tensor} tensor a batch for a graph
 * @property {(data: any, control: C) => V} fromTensor one value, of what a graph gives
 */

/** Every kind of space, as the card names it. @type {Space<any, any>[]} */
const SPACES = [continuous, categorical, codeGrid, tokens, image];

/** @param {string} kind @returns {Space<any, any> | null} */
export const spaceOf = (kind) => SPACES.find((space) => space.kind === kind) ?? null;
