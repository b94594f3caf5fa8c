import { createSliders } from "../latents/sliders.js";
import { createLabels } from "./categorical.js";
import { createCodeGrid } from "./code-grid.js";
import { createCondition } from "./image.js";
import { createWord } from "./tokens.js";

/**
 * What a person moves a control with.
 *
 * @typedef {object} Widget
 * @property {HTMLElement} element
 * @property {(state: import("../store.js").State, before: import("../store.js").State | null) => void} show
 * @property {(source: import("../store.js").Source | null) => void} [setSource] another image was encoded
 * @property {() => void} [destroy]
 *
 * @typedef {(options: {model: import("../model/model.js").Model, control: import("../model/model.js").Control,
 *   stage: import("../stage.js").Stage}) => Widget} CreateWidget
 */

/** For each kind of space. @type {Record<string, CreateWidget>} */
const CONTROLS = {
  continuous: createSliders,
  categorical: createLabels,
  code_grid: createCodeGrid,
  tokens: createWord,
  image: createCondition,
};

/** @param {string} kind @returns {CreateWidget | null} */
export const controlOf = (kind) => CONTROLS[kind] ?? null;
