import assert from "node:assert/strict";
import { test } from "node:test";
import { spell } from "../../explorer/instrument/web/dom.js";
import { isReached } from "../../explorer/instrument/web/lesson/goal.js";
import { lessonLink, queryOf, setupOf } from "../../explorer/instrument/web/lesson/lessons.js";
import { asCsv, createProgress } from "../../explorer/instrument/web/lesson/progress.js";
import { createWords } from "../../explorer/instrument/web/lesson/words.js";
import { momentsOf } from "../../explorer/instrument/web/panels/moments.js";
import { sharedLetters } from "../../explorer/instrument/web/panels/writing.js";
import { languageOf, said, speak } from "../../explorer/instrument/web/spoken.js";
import { assertNear } from "./near.js";

const lesson = /** @type {any} */ ({
  setup: { model: "digits-2d", compare: [], example: 119, z: null, axes: "z0,z1", show: ["map"] },
  cards: { look: { model: null, compare: [], example: 0, z: null, show: [] } },
});

test("a card shows what its lesson does, and of its own only what differs", () => {
  assert.equal(queryOf(setupOf(lesson, "why")), "model=digits-2d&example=119&axes=z0,z1");
  assert.equal(queryOf(setupOf(lesson, "look")), "model=digits-2d&example=0&axes=z0,z1");
  assert.deepEqual(setupOf(lesson, "look").show, ["map"]);
  assert.equal(queryOf({ compare: ["a", "b"], example: 3 }), "model=a&compare=a,b&apart=yes&example=3");
  assert.equal(lessonLink("gap", 2), "lesson=gap&step=2");
  assert.equal(lessonLink("gap", 2, "de"), "lesson=gap&step=2&lang=de");
});

test("progress is kept in the browser, goes forward only, and outlives nonsense", () => {
  /** @type {Map<string, string>} */
  const kept = new Map();
  const storage = /** @type {any} */ ({
    getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => kept.set(key, value),
    removeItem: (/** @type {string} */ key) => kept.delete(key),
  });
  const progress = createProgress(storage);
  progress.note("gap", { step: 3, prediction: 40 });
  progress.note("gap", { step: 2, answers: [2, null, 1] });
  assert.equal(progress.of("gap").step, 3);
  assert.equal(progress.of("gap").prediction, 40);
  assert.match(asCsv(progress.all()), /^lesson,step,done,prediction,measured,answers,at\ngap,3,,40,,2 {2}1,/);
  storage.setItem("latent-explorer.lessons", "not JSON");
  assert.deepEqual(progress.all(), {});
  progress.note("gap", { prediction: 'a "big" one, I think' });
  assert.match(asCsv(progress.all()), /"a ""big"" one, I think"/);
});

test("words stand in their sentence, and numbers are written as the language writes them", () => {
  const player = { bin: "{count} von {low} bis {high}" };
  const { say, number } = createWords("de", { name: "Deutsch", decimal: ",", thousands: ".", cards: {}, player });
  assert.equal(say("bin", { count: 2, high: "b", low: "a" }), "2 von a bis b");
  assert.equal(number(1234567.25, 1), "1.234.567,3");
  assert.equal(number(-0.04, 1), "0,0");
  assert.equal(number(-1234, 0), "−1.234");
  assert.equal(number(999, 0), "999");
});

test("a goal is reached on its side of the bound", () => {
  const bounds = (/** @type {number | null} */ below, /** @type {number | null} */ above) =>
    /** @type {any} */ ({ below, above });
  assert.deepEqual(
    [9, 10, 11].map((value) => isReached(bounds(10, null), value)),
    [true, false, false],
  );
  assert.deepEqual(
    [9, 10, 11].map((value) => isReached(bounds(null, 10), value)),
    [false, false, true],
  );
});

test("the centre of an image is that of its light, and it leans as its strokes do", () => {
  assert.equal(momentsOf([0, 0, 0, 1, 0, 0, 0, 1], 2, 4)?.centreX, 0.875);
  assert.equal(momentsOf([0, 0], 1, 2), null);
  const upright = momentsOf([0, 1, 0, 0, 1, 0, 0, 1, 0], 3, 3);
  assert.equal(upright?.centreX, 0.5);
  assertNear(upright?.lean ?? 1, 0, { absolute: 1e-9 });
  // A slash leans to the right, a backslash to the left; in three channels as in one.
  const [slash, backslash] = [
    [0, 0, 1, 0, 1, 0, 1, 0, 0],
    [1, 0, 0, 0, 1, 0, 0, 0, 1],
  ];
  assertNear(momentsOf([...slash, ...slash, ...slash], 3, 3)?.lean ?? 0, 45, { absolute: 1e-9 });
  assertNear(momentsOf(backslash, 3, 3)?.lean ?? 0, -45, { absolute: 1e-9 });
});

test("a word comes back as far as its letters stand in their places", () => {
  assert.equal(sharedLetters([4, 1, 22, 9, 4], [4, 1, 14, 4, 18, 1]), 2 / 6);
  assert.equal(sharedLetters([1, 2], [1, 2]), 1);
});

test("what stands beside a lesson is said in its language, and what its table lacks in English", () => {
  const nothing = { nextNode: () => false };
  const globals = /** @type {any} */ (globalThis);
  globals.document = { createTreeWalker: () => nothing };
  globals.NodeFilter = {};
  const words = { Map: "Karte", "Value of {name}": "Wert von {name}" };
  speak("de", words, /** @type {any} */ (null));
  assert.equal(said("Map"), "Karte");
  assert.equal(said("Value of {name}", { name: "z₁" }), "Wert von z₁");
  assert.equal(said("Lasso"), "Lasso");
  assert.deepEqual([languageOf("Map"), languageOf("Lasso")], ["de", null]);
  assert.equal(spell(-1234.5), "−1.234,50");
  speak("en", {}, /** @type {any} */ (null));
  assert.equal(said("Value of {name}", { name: "z₁" }), "Value of z₁");
  assert.equal(spell(-1234.5), "−1,234.50");
  delete globals.document;
  delete globals.NodeFilter;
});
