import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readCard } from "../../explorer/instrument/web/checkpoint/checkpoint.js";

const description = readFileSync(new URL("../../docs/format.md", import.meta.url), "utf8");
const CARD = JSON.parse(description.split("```json\n")[1].split("```")[0]);
const CODES = { kind: "code_grid", name: "codes", height: 7, width: 7, codes: 512 };

/** @param {Record<string, unknown>} [change] */
const read = (change) => readCard(JSON.stringify({ ...CARD, ...change }), "blots");

test("the card that docs/format.md shows can be steered", () => {
  const card = read();
  assert.equal(card.space.size, 2);
  assert.deepEqual(card.output.shape, [1, 28, 28]);
});

for (const [change, sentence] of /** @type {[Record<string, unknown>, RegExp][]} */ ([
  [{ version: 1 }, /card\.json has version 1, and this page reads version 2/],
  [{ controls: [CODES] }, /has controls of kind "code_grid"/],
  [{ controls: [...CARD.controls, CODES] }, /has 2 controls, which this page cannot steer yet/],
  [{ controls: [] }, /has 0 controls/],
  [{ output: { kind: "characters", alphabet: ["a"], longest: 3 } }, /describes no image/],
  [{ graphs: { decode: null, encode: null, step: null } }, /names no decoder/],
  [{ graphs: { ...CARD.graphs, encode: { file: "other.onnx" } } }, /other names than decoder\.onnx and encoder\.onnx/],
  [{ latents: [] }, /does not say the KL of its latents/],
  [{ latents: [{ ...CARD.latents[0], kl_nats: null }] }, /does not say the KL of its latents/],
  [{ examples: null }, /has no examples/],
])) {
  test(`a card that this page cannot steer is refused in a sentence: ${sentence}`, () => {
    assert.throws(() => read(change), { name: "InstrumentError", message: sentence });
  });
}

test("what is no JSON is refused in a sentence", () => {
  assert.throws(() => readCard("{", "blots"), {
    name: "InstrumentError",
    message: /^blots\/card\.json cannot be read/,
  });
});
