/** Of the polynomial 0xEDB88320, for one byte at a time. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  return sum;
});

const VERSION = 20;
const UTF8 = 0x0800;
/** The first day that a zip can name: what is packed keeps no date. */
const DAY = 0x21;

/** @param {Blob} blob @returns {Promise<number>} its CRC-32, read piece by piece */
export async function crc32(blob) {
  const reader = blob.stream().getReader();
  let sum = 0xffffffff;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    for (const byte of piece.value) sum = TABLE[(sum ^ byte) & 255] ^ (sum >>> 8);
  }
  return (sum ^ 0xffffffff) >>> 0;
}

/** @param {[number, number][]} fields each a size in bytes and a value @returns {Uint8Array<ArrayBuffer>} little-endian */
function record(fields) {
  const bytes = new Uint8Array(fields.reduce((length, [size]) => length + size, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [size, value] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return bytes;
}

/**
 * A zip of files as they are, uncompressed: weights and pictures do not get smaller. Together they must stay below 4 GB.
 *
 * @param {{name: string, blob: Blob}[]} files
 * @returns {Promise<Blob>}
 */
export async function packZip(files) {
  /** @type {BlobPart[]} */
  const parts = [];
  /** @type {BlobPart[]} */
  const contents = [];
  let at = 0;
  let length = 0;
  for (const { name, blob } of files) {
    const spelled = new TextEncoder().encode(name);
    /** @type {[number, number][]} what stands before a file and again in the table of contents */
    const shared = [
      [2, VERSION],
      [2, UTF8],
      [2, 0],
      [2, 0],
      [2, DAY],
      [4, await crc32(blob)],
      [4, blob.size],
      [4, blob.size],
      [2, spelled.length],
      [2, 0],
    ];
    const head = record([[4, 0x04034b50], ...shared]);
    const entry = record([[4, 0x02014b50], [2, VERSION], ...shared, [2, 0], [2, 0], [2, 0], [4, 0], [4, at]]);
    parts.push(head, spelled, blob);
    contents.push(entry, spelled);
    at += head.length + spelled.length + blob.size;
    length += entry.length + spelled.length;
  }
  const count = files.length;
  const end = record([
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, count],
    [2, count],
    [4, length],
    [4, at],
    [2, 0],
  ]);
  return new Blob([...parts, ...contents, end], { type: "application/zip" });
}
