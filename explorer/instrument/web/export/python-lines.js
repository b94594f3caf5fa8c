import { rounded } from "../spaces/continuous.js";

/**
 * @param {{id: string, path?: string}} entry
 * @returns {string} the checkpoint's folder, as code that runs in the checkout names it
 */
export const folderOf = ({ id, path }) => path ?? id;

/** @param {{path?: string}} entry @returns {boolean} whether a person must say themselves where the folder lies */
export const liesElsewhere = (entry) => !folderOf(/** @type {any} */ (entry)).includes("/");

/**
 * What reproduces the image of z in Python, and nothing more.
 *
 * @param {{id: string, path?: string}} entry
 * @param {number[]} z
 * @returns {string}
 */
export function pythonLines(entry, z) {
  // Whole numbers alone would make a tensor of integers, which no decoder takes.
  const values = z.map((value) =>
    Number.isInteger(rounded(value)) ? rounded(value).toFixed(1) : String(rounded(value)),
  );
  return [
    "import torch, training",
    `model, card = training.load(${JSON.stringify(folderOf(entry))})`,
    `image = model.decode(torch.tensor([[${values.join(", ")}]])).mean[0]`,
    "",
  ].join("\n");
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
