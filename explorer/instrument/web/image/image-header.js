import { InstrumentError } from "../errors.js";

/** @typedef {{kind: "PNG" | "JPEG" | "WebP" | "GIF" | "BMP" | "AVIF" | "HEIC", width: number, height: number}} Header as stored, before any rotation */

/** Kinds that a person may well have, and that are told apart from nonsense so that the sentence can say what to do. */
const OTHERS = [
  { kind: "a PDF", at: 0, magic: "%PDF" },
  { kind: "a TIFF", at: 0, magic: "II*\0" },
  { kind: "a TIFF", at: 0, magic: "MM\0*" },
  { kind: "a Photoshop file", at: 0, magic: "8BPS" },
  { kind: "an icon", at: 0, magic: "\0\0\x01\0" },
  { kind: "a JPEG XL", at: 4, magic: "JXL " },
  { kind: "a zip", at: 0, magic: "PK\x03\x04" },
  { kind: "a video", at: 4, magic: "ftyp" },
];

/** The sizes come before the pixels, within this many bytes. */
const SEARCHED = 2 ** 16;

const DO = "save it as PNG, JPEG or WebP and choose that file.";
const BROKEN = "open it in an image editor and save it again, or choose another file.";

/**
 * What a file says of itself in its first bytes, which costs nothing however large a picture it claims to be. The name of
 * a file says nothing.
 *
 * @param {Uint8Array} bytes
 * @param {string} name of the file, as it may be shown
 * @returns {Header}
 */
export function readHeader(bytes, name) {
  const has = (/** @type {string} */ magic, at = 0) =>
    [...magic].every((letter, by) => bytes[at + by] === letter.charCodeAt(0));
  const refuse = (/** @type {string} */ reason) => new InstrumentError(`${name} ${reason}`);
  if (!bytes.length) throw refuse("is empty: choose another file.");
  /** @type {(Found & Pick<Header, "kind">) | null} */
  let header = null;
  if (has("\x89PNG\r\n\x1a\n")) header = { kind: "PNG", ...png(bytes) };
  else if (has("\xff\xd8\xff")) header = { kind: "JPEG", ...jpeg(bytes) };
  else if (has("RIFF") && has("WEBP", 8)) header = { kind: "WebP", ...webp(bytes) };
  else if (has("GIF8")) header = { kind: "GIF", ...gif(bytes) };
  else if (has("BM")) header = { kind: "BMP", ...bmp(bytes) };
  else if (has("ftypavi", 4)) header = { kind: "AVIF", ...boxes(bytes) };
  else if (has("ftyphe", 4) || has("ftypmif1", 4)) header = { kind: "HEIC", ...boxes(bytes) };
  if (!header) {
    const other = OTHERS.find(({ magic, at }) => has(magic, at));
    if (other) throw refuse(`is ${other.kind}, which this page cannot read: ${DO}`);
    if (/^\s*(<\?xml[\s\S]*)?(<!--[\s\S]*-->\s*)*<(!doctype )?svg[\s>]/i.test(start(bytes))) {
      throw refuse(`is an SVG, a drawing without pixels: ${DO}`);
    }
    throw refuse(`is not an image that this page can read: ${DO}`);
  }
  if (header.animated) throw refuse(`is animated: save one of its frames as PNG and choose that file.`);
  if (header.width === undefined)
    throw refuse(`is ${articled(header.kind)} whose size cannot be read, so it is damaged: ${BROKEN}`);
  if (!header.width || !header.height) throw refuse(`has no pixels: ${BROKEN}`);
  if (!header.whole) throw refuse(`is ${articled(header.kind)} that is cut short: ${BROKEN}`);
  return { kind: header.kind, width: header.width, height: header.height };
}

/** @param {Header["kind"]} kind @returns {string} */
export const articled = (kind) => `${kind === "AVIF" ? "an" : "a"} ${kind}`;

/** @param {Uint8Array} bytes @returns {string} the first of it as text */
function start(bytes) {
  return new TextDecoder("latin1").decode(bytes.subarray(0, 1024)).replace(/^ï»¿/, "");
}

/** @param {Uint8Array} bytes @returns {DataView} */
const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * @typedef {{width?: number, height?: number, animated?: boolean, whole?: boolean}} Found `whole`: the end is there too,
 *   for browsers draw what there is of a file that was cut short
 */

/** @param {Uint8Array} bytes @returns {Found} */
function png(bytes) {
  if (bytes.length < 33 || text(bytes, 12) !== "IHDR") return {};
  const data = view(bytes);
  let animated = false;
  let whole = false;
  for (let at = 8; at + 12 <= bytes.length && !whole; at += 12 + data.getUint32(at)) {
    animated ||= text(bytes, at + 4) === "acTL";
    whole = text(bytes, at + 4) === "IEND";
  }
  return { width: data.getUint32(16), height: data.getUint32(20), animated, whole };
}

/** @param {Uint8Array} bytes @returns {Found} from the frame header, past all other segments */
function jpeg(bytes) {
  const data = view(bytes);
  /** After the last picture in it there may be anything, but one must have ended. @param {number} from */
  const ends = (from) => {
    for (let at = bytes.length - 2; at > from; at--) if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
    return false;
  };
  let at = 2;
  while (at + 9 < bytes.length) {
    if (bytes[at] !== 0xff) return {};
    const marker = bytes[at + 1];
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { height: data.getUint16(at + 5), width: data.getUint16(at + 7), whole: ends(at) };
    if (marker === 0xff) at += 1;
    else if (marker === 0xd9 || marker === 0xda) return {};
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else at += 2 + Math.max(2, data.getUint16(at + 2));
  }
  return {};
}

/** @param {Uint8Array} bytes @returns {Found} of its first chunk */
function webp(bytes) {
  if (bytes.length < 30) return {};
  const data = view(bytes);
  const whole = data.getUint32(4, true) + 8 <= bytes.length;
  switch (text(bytes, 12)) {
    case "VP8 ":
      return { width: data.getUint16(26, true) & 0x3fff, height: data.getUint16(28, true) & 0x3fff, whole };
    case "VP8L": {
      const sizes = data.getUint32(21, true);
      return { width: 1 + (sizes & 0x3fff), height: 1 + ((sizes >>> 14) & 0x3fff), whole };
    }
    case "VP8X": {
      const three = (/** @type {number} */ at) => data.getUint16(at, true) + (bytes[at + 2] << 16);
      return { width: 1 + three(24), height: 1 + three(27), animated: (bytes[20] & 2) !== 0, whole };
    }
    default:
      return {};
  }
}

/** @param {Uint8Array} bytes @returns {Found} of its screen; animated where a second image follows (GIF89a) */
function gif(bytes) {
  if (bytes.length < 14) return {};
  const data = view(bytes);
  const table = (/** @type {number} */ flags) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  let [at, images, whole] = [13 + table(bytes[10]), 0, false];
  while (at < bytes.length && !whole) {
    const introducer = bytes[at];
    if (introducer === 0x3b) whole = true;
    else if (introducer === 0x21) at += 2;
    else if (introducer === 0x2c) {
      images++;
      at += 11 + table(bytes[at + 9]);
    } else return {};
    while (!whole && bytes[at]) at += 1 + bytes[at];
    at++;
  }
  return { width: data.getUint16(6, true), height: data.getUint16(8, true), animated: images > 1, whole };
}

/** @param {Uint8Array} bytes @returns {Found} of the bitmap's header; rows may stand from the top, by a height below 0 */
function bmp(bytes) {
  if (bytes.length < 26) return {};
  const data = view(bytes);
  const isOld = data.getUint32(14, true) === 12;
  const width = isOld ? data.getUint16(18, true) : data.getInt32(18, true);
  const height = isOld ? data.getUint16(20, true) : Math.abs(data.getInt32(22, true));
  return { width: Math.max(0, width), height, whole: data.getUint32(2, true) <= bytes.length };
}

/** @param {Uint8Array} bytes @returns {Found} of an ISO 23008-12 file: the largest extent that any image in it has */
function boxes(bytes) {
  const data = view(bytes);
  let at = 0;
  while (at + 8 <= bytes.length) {
    const size = data.getUint32(at);
    // 0: to the end of the file.
    if (size === 0) at = bytes.length;
    else if (size < 8) return {};
    else at += size;
  }
  const found = { width: 0, height: 0 };
  for (let from = 4; from + 16 <= Math.min(bytes.length, SEARCHED); from++) {
    if (bytes[from] !== 0x69 || text(bytes, from) !== "ispe") continue;
    found.width = Math.max(found.width, data.getUint32(from + 8));
    found.height = Math.max(found.height, data.getUint32(from + 12));
  }
  if (!found.width) return {};
  return { ...found, animated: ["avis", "hevc", "msf1"].includes(text(bytes, 8)), whole: at === bytes.length };
}

/** @param {Uint8Array} bytes @param {number} at @returns {string} the four letters there */
function text(bytes, at) {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
