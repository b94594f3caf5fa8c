/** Flag of the VP8X chunk: the file is an animation. */
const ANIMATED = 0x02;
/** Flag of a frame: its pixels replace what was there, and are not blended with it. */
const REPLACES = 0x02;

/** What of a still picture goes into a frame: its pixels, and for the lossy kind their alpha. */
const PIXELS = new Set(["ALPH", "VP8 ", "VP8L"]);

/**
 * An animated WebP out of still ones, which a browser can write: the frames' pixels are taken over as they are (Google's
 * "WebP Container Specification": VP8X, ANIM, then one ANMF a frame). It runs for ever.
 *
 * @param {Uint8Array[]} stills whole WebP files, all of one size; the same one may come again
 * @param {{width: number, height: number, delay: number}} options `delay` of every frame, in milliseconds
 * @returns {Uint8Array} the file
 */
export function muxWebp(stills, { width, height, delay }) {
  const size = [...uint(width - 1, 3), ...uint(height - 1, 3)];
  const frameHead = [...uint(0, 6), ...size, ...uint(delay, 3), REPLACES];
  const chunks = [
    chunk("VP8X", Uint8Array.of(ANIMATED, 0, 0, 0, ...size)),
    chunk("ANIM", new Uint8Array(6)),
    ...stills.map((still) => chunk("ANMF", Uint8Array.from(frameHead), ...pixelChunks(still))),
  ];
  return chunk("RIFF", ascii("WEBP"), ...chunks);
}

/** @param {Uint8Array} bytes @returns {boolean} a browser that cannot write WebP gives PNG instead */
export function isWebp(bytes) {
  return text(bytes, 0) === "RIFF" && text(bytes, 8) === "WEBP";
}

/** @param {Uint8Array} still @returns {Uint8Array[]} its chunks of pixels, each with head and padding */
function pixelChunks(still) {
  const view = new DataView(still.buffer, still.byteOffset, still.byteLength);
  const found = [];
  for (let at = 12; at + 8 <= still.length; ) {
    const length = 8 + view.getUint32(at + 4, true);
    if (PIXELS.has(text(still, at))) found.push(still.subarray(at, at + length + (length & 1)));
    at += length + (length & 1);
  }
  return found;
}

/** @param {string} name of four letters @param {...Uint8Array} parts @returns {Uint8Array} padded to an even length */
function chunk(name, ...parts) {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(8 + length + (length & 1));
  bytes.set(ascii(name));
  bytes.set(uint(length, 4), 4);
  let at = 8;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** @param {number} value @param {number} bytes @returns {number[]} little-endian */
const uint = (value, bytes) => Array.from({ length: bytes }, (_, at) => (at < 4 ? (value >>> (8 * at)) & 255 : 0));

/** @param {string} letters */
const ascii = (letters) => Uint8Array.from(letters, (letter) => letter.charCodeAt(0));

/** @param {Uint8Array} bytes @param {number} at */
const text = (bytes, at) => String.fromCharCode(...bytes.subarray(at, at + 4));
