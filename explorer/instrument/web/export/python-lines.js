import { rounded } from "../spaces/continuous.js";

/**
 * @param {{id: string, path?: string}} entry
 * @returns {string} the checkpoint's folder, as code that runs in the checkout names it
 */
export const folderOf = ({ id, path }) => path ?? id;

/** @param {{path?: string}} entry @returns {boolean} whether a person must say themselves where the folder lies */
export const liesElsewhere = (entry) => !folderOf(/** @type {any} */ (entry)).includes("/");

/** At most this many numbers are written out: nobody reads an image as numbers. */
const MOST_NUMBERS = 1000;

/** @param {import("../checkpoint/contract.js").Graph} graph of a decoder */
const valuesOf = (graph) => graph.inputs.filter(({ role }) => role === "value");

/**
 * @param {import("../checkpoint/contract.js").Graph | null} graph of a decoder, if there is one
 * @returns {boolean} whether what it takes can be written out
 */
export const isSpelled = (graph) =>
  graph !== null && valuesOf(graph).reduce((sum, { shape }) => sum + sizeOf(shape), 0) <= MOST_NUMBERS;

/** @param {import("../checkpoint/contract.js").Port["shape"]} shape @returns {number} of one value, the batch being one */
const sizeOf = (shape) => shape.map((size) => Number(size) || 1).reduce((product, size) => product * size, 1);

/**
 * What reproduces the image in Python, and nothing more: of any model, whatever trained it.
 *
 * @param {{id: string, path?: string}} entry
 * @param {import("../checkpoint/contract.js").Graph} graph of its decoder
 * @param {import("../engine/decoder.js").Tensors} tensors what it takes, by the names of the controls
 * @returns {string}
 */
export function pythonLines(entry, graph, tensors) {
  const given = valuesOf(graph).map(({ name, control, dtype }) => {
    const { data, dims } = tensors[/** @type {string} */ (control)];
    // What a link holds has three decimals, and a float32 no more than seven digits.
    const values = Array.from(/** @type {ArrayLike<number | bigint>} */ (data), (value) =>
      String(Number(Number(value).toPrecision(7))),
    );
    return `${JSON.stringify(name)}: np.array(${nested(values, dims)}, np.${dtype})`;
  });
  const file = `${folderOf(entry)}/${graph.file}`;
  return [
    "import numpy as np",
    "import onnxruntime",
    "",
    `decode = onnxruntime.InferenceSession(${JSON.stringify(file)}).run`,
    `image = decode(None, {${given.join(", ")}})[0][0]`,
    "",
  ].join("\n");
}

/** @param {string[]} values @param {readonly number[]} dims @returns {string} a list of lists */
function nested(values, [size, ...dims]) {
  const step = values.length / size;
  const parts = Array.from({ length: size }, (_, at) => values.slice(at * step, (at + 1) * step));
  return `[${(dims.length ? parts.map((part) => nested(part, dims)) : values).join(", ")}]`;
}

/**
 * z with what makes it mean something: which decoder, and how that was trained.
 *
 * @param {{id: string, path?: string}} entry
 * @param {import("../checkpoint/checkpoint.js").Card} card
 * @param {number[]} z
 * @returns {string}
 */
export function jsonOf(entry, card, z) {
  const facts = {
    model: entry.id,
    title: card.title,
    folder: folderOf(entry),
    command: card.training?.command,
    decoder_sha256: card.files?.["decoder.onnx"]?.sha256,
  };
  // All of z on one line: a line a value would make a long file of a short list.
  return `${JSON.stringify(facts, null, 2).slice(0, -2)},\n  "z": [${z.map(rounded).join(", ")}]\n}\n`;
}
