import assert from "node:assert/strict";
import { test } from "node:test";
import { agreeing, createFollow, MOST } from "../../explorer/instrument/web/compare/follow.js";
import {
  isTogether,
  linkedComparison,
  readCompared,
  writeComparison,
} from "../../explorer/instrument/web/compare/link.js";
import { space as categorical } from "../../explorer/instrument/web/spaces/categorical.js";
import { space as continuous } from "../../explorer/instrument/web/spaces/continuous.js";
import { createCursor, startOf as openedWith } from "../../explorer/instrument/web/store.js";

const z = (size, prior = /** @type {string | null} */ ("standard_normal"), name = "z") => ({
  kind: "continuous",
  name,
  size,
  prior,
  space: continuous,
});
const label = (labels = ["none", "left"]) => ({ kind: "categorical", name: "label", labels, space: categorical });

/** @param {string} id @param {any[]} controls @param {string} sha256 of its data */
const model = (id, controls, sha256 = "ab") =>
  /** @type {any} */ ({
    entry: { id },
    controls,
    card: {
      title: id,
      data: { sha256 },
      examples: { count: 10, split: "test" },
      output: { kind: "pixels", shape: [1, 2, 2] },
    },
  });

/** @param {any} one @returns {any} */
const startOf = ({ card, controls }) =>
  openedWith(
    {
      card: { ...card, latents: [] },
      start: Object.fromEntries(
        controls.map((/** @type {any} */ control) => [control.name, control.space.start(control)]),
      ),
    },
    {},
  );

/** @param {any[]} models */
function cursorOf(models, together = true) {
  const images = /** @type {number[]} */ ([]);
  const follow = createFollow(models, { isTogether: () => together, onImage: (from) => images.push(from) });
  const cursor = createCursor(
    models.map((one) => ({ initial: startOf(one), controls: one.controls })),
    follow,
  );
  return { stores: models.map((_, at) => cursor.of(at)), cursor, images };
}

test("spaces agree that are the same but for their name", () => {
  assert.deepEqual(agreeing([z(2), label()], [label(), z(2, "standard_normal", "style")]), [
    { from: "label", to: "label" },
    { from: "z", to: "style" },
  ]);
  for (const other of [z(3), z(2, null), label(["left", "none"])])
    assert.deepEqual(agreeing([z(2), label()], [other]), []);
});

test("one control is not taken twice, and one of the same name comes first", () => {
  assert.deepEqual(agreeing([z(2, null, "a"), z(2, null, "b")], [z(2, null, "b"), z(2, null, "c")]), [
    { from: "b", to: "b" },
    { from: "a", to: "c" },
  ]);
});

test("what moves one moves all whose spaces agree, and no other", () => {
  const { stores } = cursorOf([model("a", [z(2)]), model("b", [z(2)]), model("c", [z(3)])]);
  stores[1].set({ codes: { z: [1, -2] } });
  assert.deepEqual(
    stores.map((store) => store.get().codes.z),
    [
      [1, -2],
      [1, -2],
      [0, 0, 0],
    ],
  );
});

test("apart, a slider moves one model; a draw from the prior still moves all", () => {
  const { stores } = cursorOf([model("a", [z(2)]), model("b", [z(2)])], false);
  stores[0].set({ codes: { z: [1, 1] } });
  assert.deepEqual(stores[1].get().codes.z, [0, 0]);
  stores[0].set({ codes: { z: [2, 2] }, example: null, own: null });
  assert.deepEqual(stores[1].get().codes.z, [2, 2]);
});

test("an image is for each model to encode: its number goes along only where the images are the same", () => {
  const { stores, images } = cursorOf([model("a", [z(2)]), model("b", [z(2)]), model("c", [z(2)], "cd")]);
  stores[0].set({ codes: { z: [1, 1] }, example: 7, own: null });
  assert.deepEqual(images, [0]);
  assert.deepEqual(
    stores.map((store) => store.get().example),
    [7, 7, null],
  );
  assert.deepEqual(stores[1].get().codes.z, [0, 0]);
});

test("noise lies on the image of all models, and what it makes of it is for each to encode", () => {
  const { stores, images } = cursorOf([model("a", [z(2)]), model("b", [z(2)])]);
  const noise = /** @type {const} */ ({ kind: "masking", level: 0.5, seed: 1 });
  stores[0].set({ example: 3, own: null });
  stores[0].set({ noise });
  assert.equal(stores[1].get().noise, noise);
  stores[0].set({ codes: { z: [1, 1] }, example: 3, own: null });
  assert.deepEqual(stores[1].get().codes.z, [0, 0]);
  assert.deepEqual(images, [0, 0]);
});

test("undo brings all models back, with what each made of the image", () => {
  const { stores, cursor } = cursorOf([model("a", [z(2)]), model("b", [z(2)])]);
  stores[0].set({ codes: { z: [1, 1] }, example: 3, own: null });
  stores[0].commit();
  cursor.put(1, { codes: { z: [-1, -1] } });
  stores[0].set({ codes: { z: [2, 2] } });
  stores[0].commit();
  assert.deepEqual(stores[1].get().codes.z, [2, 2]);
  assert.ok(stores[1].undo());
  assert.deepEqual(
    stores.map((store) => store.get().codes.z),
    [
      [1, 1],
      [-1, -1],
    ],
  );
  assert.ok(stores[0].undo());
  assert.deepEqual(
    stores.map((store) => store.get().codes.z),
    [
      [0, 0],
      [0, 0],
    ],
  );
});

test("a comparison's link reads back what it was written from", () => {
  const models = [model("a", [z(2)]), model("b,%", [z(2), label()]), model("c", [z(3)])];
  const limits = (/** @type {any} */ one) => ({
    controls: one.controls,
    examples: 10,
    title: one.entry.id,
    factors: [],
  });
  const states = models.map((one) => /** @type {any} */ (startOf(one)));
  states[0].codes = { z: [1, 2] };
  states[1].codes = { z: [1, 2], label: 1 };
  states[2].codes = { z: [1, 2, 3] };
  const query = writeComparison(models, states, false);
  assert.equal(query, "model=a&z=1,2&compare=a,b%252C%2525,c&apart=yes&2.label=left&3.z=1,2,3");
  assert.deepEqual(linkedComparison(query), { ids: ["a", "b,%", "c"], problem: null });
  assert.equal(isTogether(query), false);
  models.forEach((one, at) => {
    const { state, problem } = readCompared(query, models, at, limits(one));
    assert.deepEqual([state.codes, problem], [states[at].codes, null]);
  });
});

test("a fifth model is refused in a sentence", () => {
  const { ids, problem } = linkedComparison("compare=a,b,c,d,e");
  assert.deepEqual(ids, ["a", "b", "c", "d"]);
  assert.equal(ids.length, MOST);
  assert.match(/** @type {string} */ (problem), /^This link compares 5 models, but only 4 fit side by side/);
});

for (const query of ["", "compare=a", "compare=", "compare=a,a"]) {
  test(`one model is not a comparison: ${query}`, () => assert.deepEqual(linkedComparison(query).ids, []));
}
