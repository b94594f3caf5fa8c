import assert from "node:assert/strict";
import { test } from "node:test";
import { readSafetensors } from "../../explorer/instrument/web/checkpoint/safetensors.js";

const FILE = "blots/codes.safetensors";

/** @param {number | bigint} length @param {string} text @returns {Uint8Array} a length, and what stands where the header is */
function headed(length, text) {
  const head = new Uint8Array(8);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  return Uint8Array.of(...head, ...new TextEncoder().encode(text));
}

/** @param {Record<string, any>} header @param {ArrayLike<number>} data @returns {Uint8Array} */
function file(header, data) {
  const text = JSON.stringify(header);
  return Uint8Array.of(...headed(new TextEncoder().encode(text).length, text), ...Array.from(data));
}

const eight = new Uint8Array(8);
const one = (entry) => file({ mean: entry }, eight);
const HOSTILE = [
  ["is cut short", Uint8Array.of(1, 2)],
  ["announces a header larger than the file", headed(2n ** 60n, "{}")],
  ["has a header that cannot be read", headed(2, "{!")],
  ["has no table of arrays", headed(4, "null")],
  ["in an unsupported number format", one({ dtype: "constructor", shape: [1], data_offsets: [0, 4] })],
  ["describes `mean` wrongly", one({ dtype: "F32", shape: [-1], data_offsets: [0, 4] })],
  ["has no room for `mean`", one({ dtype: "F32", shape: [2 ** 40], data_offsets: [0, 2 ** 42] })],
  ["has no room for `mean`", one({ dtype: "F32", shape: [2], data_offsets: [0, 4] })],
];

for (const [reason, content] of HOSTILE) {
  test(`hostile codes are refused: ${reason}`, () => {
    assert.throws(
      () => readSafetensors(content.buffer, FILE, ["mean"]),
      ({ name, message }) =>
        name === "InstrumentError" &&
        message.startsWith(`${FILE} `) &&
        message.endsWith(": run `python -m training embed FOLDER` again.") &&
        message.includes(reason),
    );
  });
}

test("codes are read from any place", () => {
  const header = {
    __metadata__: { odd: "x" },
    mean: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
    label: { dtype: "I32", shape: [1], data_offsets: [8, 12] },
  };
  const data = new DataView(new ArrayBuffer(12));
  data.setFloat32(0, 1.5, true);
  data.setFloat32(4, -2, true);
  data.setInt32(8, 7, true);
  const read = readSafetensors(file(header, new Uint8Array(data.buffer)).buffer, FILE, ["mean", "label", "umap"]);
  assert.deepEqual(
    [...read].map(([name, { shape, data }]) => [name, shape, [...data]]),
    [
      ["mean", [2], [1.5, -2]],
      ["label", [1], [7]],
    ],
  );
});

for (const places of [
  [
    [0, 8],
    [0, 8],
  ],
  [
    [0, 8],
    [4, 8],
  ],
  [
    [4, 8],
    [0, 8],
  ],
  [
    [0, 4],
    [0, 8],
  ],
  [
    [0, 8],
    [2, 2],
  ],
]) {
  // Were each copied, a file of a few megabytes would take all memory there is.
  test(`arrays that overlap are refused: ${places.join(" and ")}`, () => {
    const header = Object.fromEntries(
      places.map(([from, to], at) => [`x${at}`, { dtype: "F32", shape: [(to - from) / 4], data_offsets: [from, to] }]),
    );
    assert.throws(
      () => readSafetensors(file(header, eight).buffer, FILE, []),
      /codes\.safetensors holds arrays that overlap: run/,
    );
  });
}

test("what is not asked for is not copied", () => {
  const content = file(
    {
      mean: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
      "x\n`y`": { dtype: "F8", shape: [4], data_offsets: [4, 8] },
      more: { dtype: "F32", shape: [1], data_offsets: [8, 12] },
    },
    new Uint8Array(12),
  );
  let copied = 0;
  class Counted extends ArrayBuffer {
    slice(from, to) {
      copied += to - from;
      return super.slice(from, to);
    }
  }
  const buffer = new Counted(content.length);
  new Uint8Array(buffer).set(content);
  assert.deepEqual([...readSafetensors(buffer, FILE, ["mean"]).keys()], ["mean"]);
  assert.equal(copied, 4);
});
