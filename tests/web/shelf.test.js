import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { checkSize, get, getBytes } from "../../explorer/instrument/web/shelf/http.js";

const { fetch } = globalThis;
afterEach(() => void (globalThis.fetch = fetch));

const SIGNAL = new AbortController().signal;
const BLOTS = { id: "blots", url: "http://here/checkpoints/blots/", path: "runs/blots" };
const KEPT = { id: "ladder/one-s0/5", url: "http://here/results/ladder/one-s0/5/", again: "make the table again." };

/** @param {Record<string, string>} files what a server would send @returns {string[]} what it was asked for */
function serve(files) {
  globalThis.document = /** @type {any} */ ({ baseURI: "http://here/" });
  /** @type {string[]} */
  const asked = [];
  globalThis.fetch = async (url) => {
    asked.push(String(url));
    const text = files[String(url)];
    return new Response(text ?? "There is no such file.", { status: text === undefined ? 404 : 200 });
  };
  return asked;
}

test("a file is fetched from its folder", async () => {
  const asked = serve({ "http://here/checkpoints/blots/decoder.onnx": "abc" });
  const bytes = await getBytes(BLOTS, "decoder.onnx", SIGNAL, { "decoder.onnx": { bytes: 3 } });
  assert.deepEqual([...bytes], [97, 98, 99]);
  assert.deepEqual(asked, ["http://here/checkpoints/blots/decoder.onnx"]);
});

for (const [
  folder,
  file,
  sentence,
] of /** @type {[import("../../explorer/instrument/web/shelf/http.js").Folder, string, string][]} */ ([
  [BLOTS, "card.json", "blots/card.json is missing: copy the checkpoint folder again."],
  [
    BLOTS,
    "decoder.onnx",
    "blots/decoder.onnx is missing: restore the file or make it again with `python -m training export runs/blots`.",
  ],
  [
    { ...BLOTS, path: undefined },
    "codes.safetensors",
    "blots/codes.safetensors is missing: restore the file or make it again with `python -m training embed FOLDER`.",
  ],
  [KEPT, "decoder.onnx", "ladder/one-s0/5/decoder.onnx is missing: make the table again."],
])) {
  test(`a missing file gives one sentence: ${sentence}`, async () => {
    serve({});
    await assert.rejects(get(folder, file, SIGNAL), { name: "InstrumentError", message: sentence });
  });
}

for (const [folder, sentence] of /** @type {const} */ ([
  [
    BLOTS,
    "blots/decoder.onnx has 4 bytes where its card says 3: copy the whole folder again, or export the checkpoint again.",
  ],
  [KEPT, "ladder/one-s0/5/decoder.onnx has 4 bytes where its table says 3: make the table again."],
])) {
  test(`a file of another size gives one sentence: ${sentence}`, async () => {
    serve({ [`${folder.url}decoder.onnx`]: "abcd" });
    const files = { "decoder.onnx": { bytes: 3 } };
    await assert.rejects(getBytes(folder, "decoder.onnx", SIGNAL, files), {
      name: "InstrumentError",
      message: sentence,
    });
    assert.throws(() => checkSize(folder, "decoder.onnx", 4, files), { message: sentence });
    checkSize(folder, "encoder.onnx", 4, files);
    checkSize(folder, "decoder.onnx", 4, null);
  });
}

test("a server that is gone gives one sentence, and a page that is gone its own error", async () => {
  const gone = new AbortController();
  serve({});
  globalThis.fetch = async () => {
    throw new TypeError("Failed to fetch");
  };
  await assert.rejects(get(BLOTS, "card.json", SIGNAL), {
    name: "InstrumentError",
    message: "blots/card.json could not be fetched: check that the explorer is still running, then reload the page.",
  });
  gone.abort();
  await assert.rejects(get(BLOTS, "card.json", gone.signal), { name: "TypeError" });
});

test("a model that no page can hold is refused before it is fetched, with another way", async () => {
  let cancelled = false;
  globalThis.document = /** @type {any} */ ({ baseURI: "http://here/" });
  globalThis.fetch = async () => {
    const body = new ReadableStream({ cancel: () => void (cancelled = true) });
    return new Response(body, { headers: { "content-length": "335000000" } });
  };
  await assert.rejects(
    getBytes(BLOTS, "decoder.onnx", SIGNAL),
    /decoder\.onnx is 335 MB, and a page opens models of up to 200 MB: decode in a notebook .* publish runs\/blots/,
  );
  assert.ok(cancelled);
});
