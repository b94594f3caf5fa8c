import assert from "node:assert/strict";
import { test } from "node:test";
import { brushed, half, hiddenCount, hiddenOf, scattered } from "../../explorer/instrument/web/image/seen-part.js";
import { space as categorical } from "../../explorer/instrument/web/spaces/categorical.js";
import { space as codeGrid, painted } from "../../explorer/instrument/web/spaces/code-grid.js";
import { space as image } from "../../explorer/instrument/web/spaces/image.js";
import { spelledAlphabet, tokensOf, space as words } from "../../explorer/instrument/web/spaces/tokens.js";
import { Unreadable } from "../../explorer/instrument/web/spaces/unreadable.js";

const DIGIT = { kind: "categorical", name: "label", labels: ["0", "1", "T-shirt, top"] };
const GRID = { kind: "code_grid", name: "codes", height: 2, width: 3, codes: 64 };
const HALF = { kind: "image", name: "condition", shape: [1, 4, 6], seen: "left" };
const LETTERS = Array.from({ length: 26 }, (_, at) => String.fromCharCode(97 + at));
const WORD = { kind: "tokens", name: "word", alphabet: LETTERS, longest: 10 };

/** @param {() => void} act @param {RegExp} reason */
const refuses = (act, reason) =>
  assert.throws(act, (error) => error instanceof Unreadable && reason.test(error.message));

test("a label is written by its name and read back, others are refused", () => {
  for (const value of [0, 1, 2]) assert.equal(categorical.read(categorical.write(value, DIGIT), DIGIT), value);
  assert.equal(categorical.write(2, DIGIT), "T-shirt, top");
  for (const text of ["", "11", "-1", "t-shirt, top", " 1"])
    refuses(() => categorical.read(text, DIGIT), /its label “.*” is not one of 0, 1, T-shirt, top$/);
  assert.deepEqual(categorical.tensor([2, 0], DIGIT), { type: "int64", data: BigInt64Array.of(2n, 0n), dims: [2] });
  assert.deepEqual(
    [0, 0.49, 0.5, 1].map((t) => categorical.between(4, 7, t)),
    [4, 4, 7, 7],
  );
});

test("a grid of codes is written row by row and read back", () => {
  const value = [0, 63, 5, 7, 7, 1];
  assert.deepEqual(codeGrid.read(codeGrid.write(value, GRID), GRID), value);
  assert.deepEqual(codeGrid.start(GRID), [0, 0, 0, 0, 0, 0]);
  const { type, data, dims } = codeGrid.tensor([value, codeGrid.start(GRID)], GRID);
  assert.deepEqual([type, dims, [...data].map(Number)], ["int64", [2, 2, 3], [...value, 0, 0, 0, 0, 0, 0]]);
});

test("a code past the codebook, none at all and a grid of another size are refused", () => {
  for (const code of ["64", "-1", "1.5", "", " 3", "1e1", "9999999"]) {
    refuses(() => codeGrid.read(`0,0,${code},0,0,0`, GRID), /codes has a code “.*”, and the codebook has 0 to 63$/);
  }
  refuses(() => codeGrid.read("0,0,0,0,0", GRID), /codes has 5 codes where the grid has 2 × 3 cells$/);
  refuses(() => codeGrid.read("0,0,0,0,0,0,0", GRID), /7 codes/);
  refuses(() => codeGrid.read("", GRID), /1 code /);
});

test("between two grids every cell is of one of them, and ever more of the second", () => {
  const [a, b] = [new Array(49).fill(1), new Array(49).fill(2)];
  const grid = { ...GRID, height: 7, width: 7 };
  const counts = [0, 0.25, 0.5, 0.75, 1].map((t) => {
    const value = codeGrid.between(a, b, t, grid);
    assert.ok(value.every((code) => code === 1 || code === 2));
    return value.filter((code) => code === 2).length;
  });
  assert.deepEqual([counts[0], counts[4]], [0, 49]);
  for (const [at, expected] of [
    [1, 12.25],
    [2, 24.5],
    [3, 36.75],
  ])
    assert.ok(Math.abs(counts[at] - expected) < 2, `${counts}`);
});

test("painting changes the cells asked for and nothing else", () => {
  const value = [0, 1, 2, 3, 4, 5];
  assert.deepEqual(painted(value, new Set([1, 4]), 9), [0, 9, 2, 3, 9, 5]);
  assert.deepEqual(value, [0, 1, 2, 3, 4, 5]);
  assert.equal(painted(value, [2], 2), value);
  assert.ok(codeGrid.same(value, [...value]) && !codeGrid.same(value, [0, 1, 2, 3, 4, 6]));
});

test("a word is read letter by letter, and filled up for the encoder", () => {
  const maria = [13, 1, 18, 9, 1];
  assert.deepEqual(words.read("maria", WORD), maria);
  assert.deepEqual(words.read(" MarIa ", WORD), maria);
  assert.equal(words.write(maria, WORD), "maria");
  assert.equal(words.write(words.start(WORD), WORD), null);
  const { type, data, dims } = words.tensor([maria, [26]], WORD);
  assert.deepEqual([type, dims], ["int64", [2, 10]]);
  assert.deepEqual([...data].map(Number), [...maria, 0, 0, 0, 0, 0, 26, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test("a letter that is not there, no letter and too many are refused", () => {
  refuses(() => words.read("josé", WORD), /^“é” is not in the model's alphabet, a to z$/);
  refuses(() => words.read("an na", WORD), /“ ”/);
  refuses(() => words.read("jose\u0301", WORD), /“é”/);
  refuses(() => words.read("a😀", WORD), /“😀”/);
  refuses(() => words.read("   ", WORD), /^the word is empty$/);
  refuses(() => words.read("abcdefghijk", WORD), /^the word has 11 letters, and the model reads at most 10$/);
  assert.equal(words.read("abcdefghij", WORD).length, 10);
});

test("what a graph gives is read as a value", () => {
  assert.equal(categorical.fromTensor(BigInt64Array.of(2n), DIGIT), 2);
  assert.deepEqual(codeGrid.fromTensor(BigInt64Array.of(1n, 2n, 3n, 4n, 5n, 63n), GRID), [1, 2, 3, 4, 5, 63]);
  assert.deepEqual(words.fromTensor(BigInt64Array.of(13n, 1n, 0n, 9n), WORD), [13, 1]);
});

test("symbols of several characters are told apart", () => {
  const alphabet = ["a", "b", "ab", "b a"];
  const control = { ...WORD, alphabet };
  const value = [3, 2, 4, 1];
  assert.deepEqual(words.read(words.write(value, control), control), value);
  assert.deepEqual(tokensOf("ab b", { ...control, alphabet: ["a", "b", "ab"] }), [3, 2]);
  assert.equal(spelledAlphabet(["x", "a"]), "x a");
});

test("a graph takes the pixels that are seen, 0 elsewhere, and where they are", () => {
  const shape = { ...HALF, shape: [3, 1, 2] };
  const value = { pixels: Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6), seen: Uint8Array.of(0, 1) };
  const { type, data, dims } = image.tensor([value, image.start(shape)], shape);
  assert.deepEqual([type, dims], ["float32", [2, 4, 1, 2]]);
  assert.deepEqual(
    data,
    Float32Array.of(0, 0.2, 0, 0.4, 0, 0.6, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
    "without pixels, none is seen",
  );
  const back = image.fromTensor(data.subarray(0, 8), shape);
  assert.deepEqual([...back.seen], [0, 1]);
  assert.deepEqual(hiddenOf(value.pixels, value.seen), Float32Array.of(0.1, 0.3, 0.5));
});

test("a link holds the part that is seen: a half by its name, another pixel by pixel", () => {
  assert.equal(image.write(image.start(HALF), HALF), null);
  for (const seen of [
    half("top", 4, 6),
    scattered(24, 0.5, () => 0.7),
    brushed(half("left", 4, 6), 6, { x: 0, y: 0 }, { x: 5, y: 4 }, 1, 0),
  ])
    assert.deepEqual(image.read(String(image.write({ pixels: null, seen }, HALF)), HALF).seen, seen);
  assert.equal(image.write({ pixels: null, seen: half("bottom", 4, 6) }, HALF), "bottom");
  for (const text of ["", "middle", "00000", "0000000", "00000g"])
    refuses(() => image.read(text, HALF), /its condition is not a part of an image of 6 × 4$/);
});

test("a brush hides what it passes, and nothing else", () => {
  const all = new Uint8Array(24).fill(1);
  const row = brushed(all, 6, { x: 0, y: 1.5 }, { x: 6, y: 1.5 }, 0.6, 0);
  assert.deepEqual([...row], [...Array(6).fill(1), ...Array(6).fill(0), ...Array(12).fill(1)]);
  assert.deepEqual(brushed(row, 6, { x: 0, y: 1.5 }, { x: 6, y: 1.5 }, 0.6, 1), all);
  assert.equal(brushed(all, 6, { x: -9, y: -9 }, { x: -9, y: -9 }, 1, 0), all);
  assert.equal(hiddenCount(half("right", 4, 6)), 12);
});
