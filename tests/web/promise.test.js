import assert from "node:assert/strict";
import { test } from "node:test";
import { promiseOf } from "../../explorer/instrument/web/page/promise.js";

test("the line at the top counts latents, one as well as several", () => {
  const card = (/** @type {number} */ size) =>
    /** @type {any} */ ({
      controls: [{ kind: "continuous", size }],
      output: { kind: "pixels" },
      graphs: { encode: {} },
    });
  assert.equal(promiseOf(card(1)), "Each image becomes one number, its latent. Move it, see what it means.");
  assert.equal(promiseOf(card(2)), "Each image becomes 2 numbers, its latents. Move one, see what it means.");
});
