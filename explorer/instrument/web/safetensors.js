import { InstrumentError } from "./errors.js";

/**
 * @typedef {{shape: number[], data: Float32Array | Int32Array}} Tensor
 */

/** The kinds our checkpoint folders hold. */
const KINDS = { F32: Float32Array, I32: Int32Array };
const LARGEST_HEADER = 1 << 20;

/**
 * Reads a safetensors file: eight bytes with the length of a JSON header, the header, raw arrays. Nothing in the header
 * is trusted: every length and place is checked against the bytes that are there.
 *
 * @param {ArrayBuffer} buffer
 * @param {string} file named in the sentence of an error
 * @returns {Map<string, Tensor>}
 */
export function readSafetensors(buffer, file) {
  const refuse = (reason) => new InstrumentError(`${file} ${reason}: export the checkpoint again.`);
  if (buffer.byteLength < 8) throw refuse("is cut short");
  const view = new DataView(buffer);
  const announced = view.getBigUint64(0, true);
  if (announced > BigInt(Math.min(LARGEST_HEADER, buffer.byteLength - 8))) {
    throw refuse("announces a header larger than the file");
  }
  const start = 8 + Number(announced);
  let header;
  try {
    header = JSON.parse(
      new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(buffer, 8, start - 8)),
    );
  } catch (error) {
    throw refuse("has a header that cannot be read");
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    throw refuse("has no table of arrays");

  const tensors = new Map();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const Kind = Object.hasOwn(KINDS, entry?.dtype) ? KINDS[entry.dtype] : null;
    if (!Kind) throw refuse(`holds \`${name}\` in a number format that is not read here`);
    const { shape, data_offsets: offsets } = entry;
    if (!areSizes(shape) || !areSizes(offsets) || offsets.length !== 2)
      throw refuse(`describes \`${name}\` wrongly`);
    const count = shape.reduce((product, size) => product * size, 1);
    const [from, to] = offsets;
    if (to - from !== count * Kind.BYTES_PER_ELEMENT || start + to > buffer.byteLength) {
      throw refuse(`has no room for \`${name}\``);
    }
    // A copy, because the header may leave the arrays at a place that is no multiple of four.
    tensors.set(name, { shape, data: new Kind(buffer.slice(start + from, start + to)) });
  }
  return tensors;
}

/** @param {unknown} list */
function areSizes(list) {
  return Array.isArray(list) && list.every((size) => Number.isSafeInteger(size) && size >= 0);
}
