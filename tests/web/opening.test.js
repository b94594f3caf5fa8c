import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { drawOf } from "../../explorer/instrument/web/stage/opening.js";

const { fetch } = globalThis;
afterEach(() => void (globalThis.fetch = fetch));

const SIGNAL = new AbortController().signal;
const ENTRY = /** @type {any} */ ({ id: "gan", url: "checkpoints/gan/" });

/** @param {Record<string, string>} opening what the server says the model opens on */
function serve(opening) {
  globalThis.document = /** @type {any} */ ({ baseURI: "http://here/" });
  globalThis.fetch = async () => Response.json(opening);
}

test("a model without an encoder opens on a draw beside others, in its own place of the link", async () => {
  serve({ z: "0.5,-1" });
  assert.equal(await drawOf(ENTRY, 2, "compare=a,b,gan", SIGNAL), "3.z=0.5%2C-1");
});

test("it stays where the link puts it", async () => {
  serve({ z: "0.5,-1" });
  assert.equal(await drawOf(ENTRY, 2, "compare=a,b,gan&3.z=1,1", SIGNAL), "");
});

test("a model with an encoder is left to what the first opens on", async () => {
  serve({ example: "4", z: "0.5,-1" });
  assert.equal(await drawOf(ENTRY, 1, "compare=a,b", SIGNAL), "");
});
