import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readCard } from "../../explorer/instrument/web/checkpoint/checkpoint.js";

const description = readFileSync(new URL("../../docs/format.md", import.meta.url), "utf8");
const CARD = JSON.parse(description.split("```json\n")[1].split("```")[0]);

/** @param {Record<string, unknown>} [change] */
const read = (change) => readCard(JSON.stringify({ ...CARD, ...change }), "blots");

test("the card that docs/format.md shows is read as it is", () => {
  assert.deepEqual(read(), CARD);
});

test("a card of another version is refused in a sentence", () => {
  assert.throws(() => read({ version: 1 }), {
    name: "InstrumentError",
    message: /card\.json has version 1, and this page reads version 2/,
  });
});

test("what is not JSON is refused in a sentence", () => {
  assert.throws(() => readCard("{", "blots"), {
    name: "InstrumentError",
    message: /^blots\/card\.json cannot be read/,
  });
});
