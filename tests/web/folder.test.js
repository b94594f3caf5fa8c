import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import test from "node:test";

import { chosen, pickCheckpoint } from "../../explorer/instrument/web/uploads/folder.js";

const MODELS = new URL("../../assets/models/", import.meta.url);

/** @param {string} name @param {string | Buffer} content @param {string} path */
const file = (name, content, path) =>
  Object.assign(new File([/** @type {any} */ (content)], name), { webkitRelativePath: path });

/** @param {File[]} files */
const sent = async (files) => (await pickCheckpoint(chosen(files), "mine")).map(({ name }) => name).sort();

test("of every shipped checkpoint all files are sent that its card lists, and no other", async () => {
  for (const model of await readdir(MODELS)) {
    const card = JSON.parse(await readFile(new URL(`${model}/card.json`, MODELS), "utf8"));
    const names = [...Object.keys(card.files), "card.json"].sort();
    const beside = ["metrics.jsonl", "resume.safetensors", "notes.txt"];
    const files = [...names, ...beside].map((name) =>
      file(name, name === "card.json" ? JSON.stringify(card) : "", `${model}/${name}`),
    );
    assert.deepEqual(
      await sent(files),
      names.map((name) => `${model}/${name}`),
    );
  }
});

test("a card that cannot be read is sent alone, for the server says what is wrong with it", async () => {
  const files = [file("card.json", "{", "mine/card.json"), file("decoder.onnx", "", "mine/decoder.onnx")];
  assert.deepEqual(await sent(files), ["mine/card.json"]);
});

test("no checkpoint, and two of them, are refused", async () => {
  await assert.rejects(sent([file("decoder.onnx", "", "mine/decoder.onnx")]), /holds no card.json/);
  const two = ["a", "b"].map((name) => file("card.json", "{}", `mine/${name}/card.json`));
  await assert.rejects(sent(two), /holds 2 checkpoints/);
});
