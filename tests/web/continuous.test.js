import assert from "node:assert/strict";
import { test } from "node:test";
import { cellOf, latentsOf, orderLatents } from "../../explorer/instrument/web/model/latents.js";
import { createJoin, numbersOf, split } from "../../explorer/instrument/web/model/numbers.js";
import { farthest, space } from "../../explorer/instrument/web/spaces/continuous.js";
import { Unreadable } from "../../explorer/instrument/web/spaces/unreadable.js";
import { assertNear } from "./near.js";
import { seeded } from "./seeded.js";

const Z = /** @type {const} */ ({ kind: "continuous", name: "z", size: 3, prior: "standard_normal" });
const POINTS = { ...Z, prior: null };

test("it opens on zeros", () => assert.deepEqual(space.start(Z), [0, 0, 0]));

test("what a link holds is what is kept, and comes back", () => {
  const kept = space.kept([0.12345, -4.9996, -0.0001]);
  assert.deepEqual(kept, [0.123, -5, 0]);
  assert.equal(space.write(kept, Z), "0.123,-5,0");
  assert.deepEqual(space.read(space.write(kept, Z), Z), kept);
});

for (const [text, sentence] of [
  ["1,2", "it has 2 values of z where this model has 3 latents"],
  ["1,2,x", "z has a value that is not a number"],
  ["1,2,1e3", "z has a value that is not a number"],
  ["1,2,5.001", "z has a value beyond ±5"],
]) {
  test(`a wrong value is refused in a part of a sentence: ${text}`, () => {
    assert.throws(
      () => space.read(text, Z),
      (error) => error instanceof Unreadable && error.message === sentence,
    );
  });
}

test("without a prior a code may lie far out", () => {
  assert.deepEqual(space.read("120,-40,0", POINTS), [120, -40, 0]);
  assert.ok(farthest(POINTS) > farthest(Z));
});

test("a draw is the temperature times a standard normal; there is none without a prior", () => {
  const { uniform } = seeded(7);
  const draws = Array.from({ length: 4000 }, () => space.sample(Z, uniform, 0.5)).flat();
  const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
  const variance = draws.reduce((sum, value) => sum + value ** 2, 0) / draws.length;
  // Standard errors: 0.5 / √12000 of the mean, √2 · 0.25 / √12000 of the variance.
  assertNear(mean, 0, { absolute: 0.02 });
  assertNear(variance, 0.25, { absolute: 0.015 });
  assert.equal(space.sample(POINTS, uniform, 1), null);
});

test("values are the same when every number is", () => {
  assert.ok(space.same([1, 2], [1, 2]));
  assert.ok(!space.same([1, 2], [1, 2.001]));
});

test("half-way lies half-way", () => assert.deepEqual(space.between([0, 2], [1, -2], 0.5, Z), [0.5, 0]));

test("a batch has the rows one after the other, and a row comes back", () => {
  const { type, data, dims } = space.tensor(
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    Z,
  );
  assert.deepEqual([type, [...data], dims], ["float32", [1, 2, 3, 4, 5, 6], [2, 3]]);
  assert.deepEqual(space.fromTensor(data.subarray(3), Z), [4, 5, 6]);
});

const facts = (
  /** @type {number | null} */ kl_nats,
  /** @type {number} */ mean,
  /** @type {number} */ std,
  active = true,
) => ({
  kl_nats,
  mean,
  std,
  posterior_std: null,
  active,
});

test("latents of a prior are shown from -3 to 3, others about their codes", () => {
  const latents = [facts(1, 9, 2), facts(2, 9, 2), facts(0, 0, 0, false)];
  const steps = (/** @type {any} */ control) =>
    latentsOf(/** @type {any} */ ({ latents }), /** @type {any} */ (numbersOf([control]))).map(({ steps }) => steps);
  assert.deepEqual(steps(Z)[0], [-3, -2.4, -1.8, -1.2, -0.6, 0, 0.6, 1.2, 1.8, 2.4, 3]);
  assertNear(steps(POINTS)[0], [3, 4.2, 5.4, 6.6, 7.8, 9, 10.2, 11.4, 12.6, 13.8, 15], { absolute: 1e-12 });
});

for (const [what, latents, active, inactive] of /** @type {[string, any[], number[], number[]][]} */ ([
  ["KL", [facts(1, 0, 9), facts(0, 0, 9, false), facts(3, 0, 1)], [2, 0], [1]],
  ["spread where there is no KL", [facts(null, 0, 1), facts(null, 0, 9), facts(null, 0, 2)], [1, 2, 0], []],
  ["nothing where nothing was measured", [], [0, 1, 2], []],
])) {
  test(`latents are ordered by ${what}`, () => {
    assert.deepEqual(orderLatents({ latents, controls: [Z] }), { active, inactive });
  });
}

test("controls of numbers are one vector, which stays the same array while no part moves", () => {
  const numbers = /** @type {any} */ (
    numbersOf(
      /** @type {any} */ ([
        Z,
        { kind: "categorical", name: "label", labels: ["a", "b"] },
        { ...POINTS, name: "tilt", size: 1 },
      ]),
    )
  );
  assert.deepEqual([numbers.size, numbers.prior], [4, null]);
  const join = createJoin(numbers);
  const codes = { z: [1, 2, 3], label: 0, tilt: [4] };
  const z = join(codes);
  assert.deepEqual(z, [1, 2, 3, 4]);
  assert.equal(join({ ...codes, label: 1 }), z);
  const moved = split(numbers, codes, [1, 2, 3, 9]);
  assert.deepEqual(moved, { z: [1, 2, 3], label: 0, tilt: [9] });
  assert.equal(moved.z, codes.z);
  assert.deepEqual([join(moved), join(codes)], [[1, 2, 3, 9], z]);
});

test("one control of numbers is the vector itself, and where there is none it is empty", () => {
  const codes = { z: [1, 2, 3] };
  assert.equal(createJoin(numbersOf(/** @type {any} */ ([Z])))(codes), codes.z);
  assert.deepEqual(createJoin(numbersOf([]))({}), []);
});

test("latents of several controls are called by them", () => {
  const numbers = /** @type {any} */ (
    numbersOf(
      /** @type {any} */ ([
        { ...Z, size: 2, name: "style" },
        { ...POINTS, name: "tilt", size: 1 },
      ]),
    )
  );
  const latents = [facts(1, 5, 2), facts(1, 5, 2), facts(null, 5, 2)];
  const found = latentsOf(/** @type {any} */ ({ latents }), numbers);
  assert.deepEqual(
    found.map(({ name }) => name),
    ["style₀", "style₁", "tilt"],
  );
  assert.deepEqual(
    found.map(({ steps }) => steps[5]),
    [0, 0, 5],
  );
});

test("numbers of few values are shown at those, and a graph is given the nearest", () => {
  const levels = [
    [-2, -0.5, 0, 1.5],
    [0, 1, 2, 3],
  ];
  const stepped = /** @type {any} */ ({ kind: "continuous", name: "z", size: 2, prior: null, levels });
  const found = latentsOf(/** @type {any} */ ({ latents: [] }), /** @type {any} */ (numbersOf([stepped])));
  assert.deepEqual(
    found.map(({ steps, isStepped }) => [steps, isStepped]),
    levels.map((values) => [values, true]),
  );
  const { data } = space.tensor(
    [
      [-9, 1.4],
      [-1.2, 1.6],
      [0.8, 99],
    ],
    stepped,
  );
  assert.deepEqual([...data], [-2, 1, -0.5, 2, 1.5, 3]);
});

test("a value lies between the cells of its row, however far apart they are", () => {
  const steps = [-2, -0.5, 0, 1.5];
  for (const [value, cell] of [
    [-3, 0],
    [-2, 0],
    [-1.25, 0.5],
    [-0.5, 1],
    [0, 2],
    [0.75, 2.5],
    [1.5, 3],
    [9, 3],
  ])
    assert.equal(cellOf(steps, value), cell);
});
