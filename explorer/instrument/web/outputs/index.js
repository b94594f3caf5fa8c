import { createPixels } from "./pixels.js";

/**
 * What shows what a decoder gives.
 *
 * @typedef {object} Output
 * @property {HTMLElement} element
 * @property {(values: Float32Array) => void} draw what `model.decode` gave for one value
 * @property {(strip: HTMLCanvasElement, column: number) => void} [preview] draws an image of a filmstrip
 * @property {(text: string) => void} describe says in words where this is
 * @property {HTMLCanvasElement} [canvas] of one that is an image
 * @property {() => string} [text] of one that is text
 * @property {() => void} [destroy]
 */

/** @type {Record<string, (options: {model: import("../model/model.js").Model, onFit(width: number): void}) => Output>} */
const OUTPUTS = { pixels: createPixels };

/** @param {string} kind of the card's output @returns {typeof OUTPUTS[string] | null} */
export const outputOf = (kind) => OUTPUTS[kind] ?? null;
