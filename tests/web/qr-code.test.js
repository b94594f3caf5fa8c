import assert from "node:assert/strict";
import { test } from "node:test";
import jsQR from "jsqr";
import { modulesOf } from "../../explorer/instrument/web/classroom/qr-code.js";
import { encode } from "../../explorer/instrument/web/vendor/uqr.mjs";

const PIXELS = 3; // of a module, in the photograph

for (const link of [
  "http://192.168.1.20:8501/?follow=abcdefghjk",
  `https://school.example/${"é".repeat(300)}/?step=3`,
]) {
  test(`another program reads a link of ${link.length} characters off its QR code`, () => {
    const modules = modulesOf(encode, link);
    const side = modules.length * PIXELS;
    const rgba = new Uint8ClampedArray(4 * side ** 2);
    for (let at = 0; at < side ** 2; at++) {
      const [x, y] = [at % side, Math.floor(at / side)].map((pixel) => Math.floor(pixel / PIXELS));
      rgba.fill(modules[y][x] ? 0 : 255, 4 * at, 4 * at + 4);
    }
    assert.equal(jsQR(rgba, side, side)?.data, link);
  });
}
