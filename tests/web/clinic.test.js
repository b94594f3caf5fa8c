import assert from "node:assert/strict";
import { test } from "node:test";
import { aim, among, isCured, scaleOf, spellShort } from "../../explorer/instrument/web/clinic/ward.js";
import { recalled } from "../../explorer/instrument/web/lesson/recall.js";

test("a cure is one where the measured −ELBO comes to that of the right cure, and no number is none", () => {
  const measured = (/** @type {number | null} */ loss) =>
    /** @type {any} */ ({ neg_elbo: loss, reconstruction: 0, kl: 0, active: 0 });
  const records = /** @type {any} */ ([{ test: measured(500) }, { test: measured(120) }]);
  const patient = /** @type {any} */ ({ cures: [{ record: 0 }, { record: 1 }], right: 1 });
  const aimed = aim(/** @type {any} */ ({ records }), patient);
  assert.equal(aimed.neg_elbo, 120);
  assert.equal(isCured(measured(122), aimed), true);
  assert.equal(isCured(measured(125), aimed), false);
  assert.equal(isCured(measured(null), aimed), false);
});

test("what a patient has does not stand out among what it might have", () => {
  assert.deepEqual(among("cut", ["sigmoid", "averaged"]), among("sigmoid", ["averaged", "cut"]));
});

test("numbers from a thousandth to beyond all measure are written short", () => {
  const spelt = [0, 0.0001, 0.265, 12.34, 543.6, -4.2e23, null].map(spellShort);
  assert.deepEqual(spelt, ["0", "under 0.001", "0.27", "12.3", "544", "−4×10²³", "not a number"]);
});

test("a plot is linear, and bends where values go beyond all measure", () => {
  const plain = scaleOf([0, 50, 100], false);
  assert.equal(plain.toShare(25), 25 / plain.high);
  const wild = scaleOf([-1e20, 0, 400], false);
  assert.ok(wild.toShare(0) - wild.toShare(-1e10) > 0.2);
  assert.ok(Math.abs(scaleOf([0.01, 1, 100], true).toShare(1) - 0.5) < 1e-9);
});

test("the questions of the lesson that was done last stand before another, until they were answered or skipped", () => {
  const lessons = /** @type {any[]} */ ([
    { id: "a", needs: [] },
    { id: "b", needs: ["a"] },
    { id: "c", needs: ["a"] },
  ]);
  const [, b, c] = lessons;
  assert.equal(recalled(b, lessons, {}), null);
  assert.equal(recalled(b, lessons, { a: { step: 5 } }), null);
  const done = { a: { done: true, at: "2026-01-01" }, b: { done: true, at: "2026-02-01" } };
  assert.equal(recalled(c, lessons, done)?.id, "a");
  assert.equal(recalled({ ...c, needs: [] }, lessons, done)?.id, "b");
  assert.equal(recalled(b, lessons, done)?.id, "a");
  assert.equal(recalled(c, lessons, { ...done, c: { recalled: true } }), null);
});
