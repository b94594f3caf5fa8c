import assert from "node:assert/strict";
import { test } from "node:test";
import { spell } from "../../explorer/instrument/web/dom.js";
import { spellBound } from "../../explorer/instrument/web/latents/sliders.js";

for (const [value, bound] of [
  [0, "0"],
  [1e-9, "0.001"],
  [0.0014, "0.002"],
  [0.0099, "0.010"],
  [0.014, "0.014"],
  [0.0141, "0.015"],
  [0.31, "0.31"],
  [3.14, "3.2"],
  [12, "12"],
]) {
  test(`a bound is never below its value: ${value}`, () => assert.equal(spellBound(value), bound));
}

for (const [value, decimals, spelled] of [
  [-2076.49, 1, "−2,076.5"],
  [1234567.891, 3, "1,234,567.891"],
  [-0.001, 2, "0.00"],
]) {
  test(`a figure is spelled as on the card: ${value}`, () => assert.equal(spell(value, decimals), spelled));
}
