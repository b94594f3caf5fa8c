import assert from "node:assert/strict";
import { test } from "node:test";
import { centred } from "../../explorer/instrument/web/image/centring.js";
import { resample } from "../../explorer/instrument/web/image/resample.js";
import answers from "./answers.js";
import { assertNear } from "./near.js";

/** R, G, B, A as `answers.py` has them: slopes with sharp edges. */
function picture(height, width) {
  return Uint8Array.from({ length: 4 * height * width }, (_, at) => {
    const [x, y, channel] = [(at >> 2) % width, Math.floor((at >> 2) / width), at % 4];
    return channel === 3 ? 255 : (7 * x + 3 * y + 80 * channel) % 256;
  });
}

for (const { size, to, expected } of answers.resampled) {
  test(`pictures are resampled as Pillow does: ${size} to ${to}`, () => {
    const [height, width] = size;
    const rgba = picture(height, width);
    const rows = (top, count) => rgba.slice(4 * top * width, 4 * (top + count) * width);
    const window = { left: 0, top: 0, width, height };
    const found = resample({ width, height, rows }, window, to[1], to[0]);
    assertNear(
      found.map((value) => 255 * value),
      expected,
      { absolute: 1.01 },
    );
  });
}

/** White on black, 280 × 280: a triangle in a box, heavier at its bottom. */
function ink([left, top, right, bottom]) {
  const image = new Uint8Array(280 * 280);
  for (let y = top; y < bottom; y++) {
    const reach = Math.floor(((right - left - 1) * (y - top)) / Math.max(1, bottom - top - 1));
    image.fill(255, 280 * y + left, 280 * y + left + 1 + reach);
  }
  return image;
}

/** @param {Uint8Array} image 280 × 280 grey values @returns {Float32Array} 28 × 28 */
function centredInk(image) {
  const rgba = Uint8Array.from({ length: 4 * image.length }, (_, at) => (at % 4 === 3 ? 255 : image[at >> 2]));
  const rows = (top, count) => rgba.slice(4 * 280 * top, 4 * 280 * (top + count));
  return centred({ width: 280, height: 280, rows }, [1, 28, 28], 0);
}

/** How many columns, and how many rows, lie between the first that holds ink and the last. */
function sides(image) {
  const inked = [...image.keys()].filter((at) => image[at] > 0.3);
  return [inked.map((at) => at % 28), inked.map((at) => Math.floor(at / 28))].map(
    (places) => Math.max(...places) + 1 - Math.min(...places),
  );
}

for (const box of [
  [10, 12, 90, 40],
  [100, 20, 280, 270],
  [0, 0, 280, 280],
  [200, 150, 270, 280],
]) {
  test(`ink is centred and sized as in MNIST: ${box}`, () => {
    const image = centredInk(ink(box));
    const found = sides(image);
    assert.ok(19 <= Math.max(...found) && Math.max(...found) <= 21);
    const drawn = [box[2] - box[0], box[3] - box[1]];
    assertNear(Math.min(...found) / Math.max(...found), Math.min(...drawn) / Math.max(...drawn), { absolute: 0.1 });
    const mass = image.reduce((sum, value) => sum + value, 0);
    const x = image.reduce((sum, value, at) => sum + value * ((at % 28) + 0.5), 0) / mass;
    const y = image.reduce((sum, value, at) => sum + value * (Math.floor(at / 28) + 0.5), 0) / mass;
    assertNear([x, y], [14, 14], { absolute: 0.2 });
  });
}

test("a dot stays a dot and nothing stays nothing", () => {
  const [across] = sides(centredInk(ink([5, 5, 15, 15])));
  assert.ok(2 <= across && across <= 4);
  assert.ok(centredInk(new Uint8Array(280 * 280)).every((value) => value === 0));
});
