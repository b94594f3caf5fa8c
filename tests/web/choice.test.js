import assert from "node:assert/strict";
import { test } from "node:test";
import { chosen, linkedModels } from "../../explorer/instrument/web/page/choice.js";

const CATALOGUE = /** @type {any[]} */ ([
  { id: "broken", error: "broken/card.json is not a card" },
  { id: "one", title: "One" },
  { id: "two", title: "Two", formerly: ["old two"] },
]);

test("a link opens what it names", () => {
  for (const [query, ids] of /** @type {[string, string[]][]} */ ([
    ["model=two&z=1", ["two"]],
    ["model=broken", ["broken"]],
    ["compare=two,one", ["two", "one"]],
    ["z=1", ["one"]],
  ]))
    assert.deepEqual(chosen(query, CATALOGUE), { ids, query, notes: [] });
});

test("what is not here is replaced, and a sentence says so", () => {
  const unknown = chosen("model=gone&z=1", CATALOGUE);
  assert.deepEqual([unknown.ids, unknown.query], [["one"], ""]);
  assert.match(unknown.notes[0], /asks for the model “.*gone.*”, which is not here, so .*One.* was opened instead/);
  const dropped = chosen("model=my-own~THOn0337cIIVa9mL", CATALOGUE);
  assert.match(dropped.notes[0], /kept until the server stops.*One.* was opened instead: drop the model again/);
  const successor = chosen("model=old+two", CATALOGUE);
  assert.deepEqual([successor.ids, successor.query], [["two"], ""]);
  assert.match(successor.notes[0], /which .*Two.* has replaced/);
  const some = chosen("compare=one,gone,two,broken", CATALOGUE);
  assert.deepEqual(some.ids, ["one", "two"]);
  assert.match(some.notes[0], /Some of the models/);
  // The link's own model is opened where nothing is left to compare.
  assert.deepEqual(chosen("model=two&compare=gone,two", CATALOGUE).ids, ["two"]);
});

test("nothing is opened where there is nothing, and a broken model where there is no other", () => {
  assert.deepEqual(chosen("model=one", []).ids, []);
  assert.deepEqual(chosen("", CATALOGUE.slice(0, 1)).ids, ["broken"]);
});

test("each model that a link names is looked for once", () => {
  assert.deepEqual(linkedModels("model=one&compare=one,two"), ["one", "two"]);
});
