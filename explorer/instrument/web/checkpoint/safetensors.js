import { InstrumentError } from "../errors.js";

/**
 * @typedef {{shape: number[], data: Float32Array | Int32Array}} Tensor
 */

/** The kinds our checkpoint folders hold. */
const KINDS = { F32: Float32Array, I32: Int32Array };
const LARGEST_HEADER = 1 << 20;

/**
 * Reads a safetensors file: eight bytes with the length of a JSON header, the header, raw arrays. Nothing in the header
 * is trusted: every length and place is checked against the bytes that are there, and no byte belongs to two arrays.
 *
 * @param {ArrayBuffer} buffer
 * @param {string} file named in the sentence of an error
 * @param {string[]} names of the arrays asked for; no other is copied
 * @param {string} [again] what to do where the file is not what it should be
 * @returns {Map<string, Tensor>} those of them that the file has
 */
export function readSafetensors(buffer, file, names, again = "run `python -m training embed FOLDER` again.") {
  const refuse = (/** @type {string} */ reason) => new InstrumentError(`${file} ${reason}: ${again}`);
  if (buffer.byteLength < 8) throw refuse("is cut short");
  const view = new DataView(buffer);
  const announced = view.getBigUint64(0, true);
  if (announced > BigInt(Math.min(LARGEST_HEADER, buffer.byteLength - 8))) {
    throw refuse("announces a header larger than the file");
  }
  const start = 8 + Number(announced);
  let header;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(buffer, 8, start - 8)));
  } catch {
    throw refuse("has a header that cannot be read");
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) throw refuse("has no table of arrays");

  const entries = Object.entries(header).filter(([name]) => name !== "__metadata__");
  for (const [name, entry] of entries) {
    const offsets = entry?.data_offsets;
    if (!areSizes(entry?.shape) || !areSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1])
      throw refuse(`describes ${called(name)} wrongly`);
    if (start + offsets[1] > buffer.byteLength) throw refuse(`has no room for ${called(name)}`);
  }
  const places = entries.map(([, entry]) => entry.data_offsets).sort(([a, b], [c, d]) => a - c || b - d);
  if (places.some(([from], at) => at && from < places[at - 1][1])) throw refuse("holds arrays that overlap");

  const tensors = new Map();
  for (const [name, { dtype, shape, data_offsets }] of entries) {
    if (!names.includes(name)) continue;
    const Kind = Object.hasOwn(KINDS, dtype) ? KINDS[/** @type {keyof typeof KINDS} */ (dtype)] : null;
    if (!Kind) throw refuse(`holds ${called(name)} in an unsupported number format`);
    const [from, to] = data_offsets;
    const count = shape.reduce((/** @type {number} */ product, /** @type {number} */ size) => product * size, 1);
    if (to - from !== count * Kind.BYTES_PER_ELEMENT) throw refuse(`has no room for ${called(name)}`);
    // A copy, because the header may leave the arrays at a place that is not a multiple of four.
    tensors.set(name, { shape, data: new Kind(buffer.slice(start + from, start + to)) });
  }
  return tensors;
}

/** @param {string} name which may be anything @returns {string} so much of it as fits a sentence */
const called = (name) => `\`${name.replace(/[^\w.]/g, "?").slice(0, 40)}\``;

/** @param {unknown} list */
function areSizes(list) {
  return Array.isArray(list) && list.every((size) => Number.isSafeInteger(size) && size >= 0);
}
