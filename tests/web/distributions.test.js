// What the page of small distributions computes, against closed forms.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fitHidden, fitUnit, logitsOfUnit, meanKl } from "../../explorer/instrument/web/distributions/conditional.js";
import {
  ancestral,
  descend,
  entropy,
  gaussianNats,
  joint,
  kl,
  leastSquares,
  logDensity,
  marginal,
  pick,
  sigmoid,
  softmax,
  squaredError,
} from "../../explorer/instrument/web/distributions/math.js";
import { seeded } from "../../explorer/instrument/web/engine/seeded.js";

const near = (value, expected, by = 1e-9) => assert.ok(Math.abs(value - expected) <= by, `${value}, not ${expected}`);

test("softmax takes no notice of what is added to all logits, however large", () => {
  const p = softmax([1, 0, -1]);
  softmax([1001, 1000, 999]).forEach((share, at) => {
    near(share, p[at]);
  });
  near(p[0] / p[1], Math.E);
  near(
    p.reduce((a, b) => a + b),
    1,
  );
});

test("entropy is ln n for equal shares and 0 for a certain one", () => {
  near(entropy([0.25, 0.25, 0.25, 0.25]), Math.log(4));
  assert.equal(entropy([0, 1, 0]), -0);
});

test("a draw falls into the share that it points at", () => {
  assert.deepEqual(
    [0, 0.19, 0.21, 0.69, 0.71, 0.999999].map((u) => pick([0.2, 0.5, 0.3], u)),
    [0, 0, 1, 1, 2, 2],
  );
});

const NODES = [
  { parents: [], table: [0.3] },
  { parents: [0], table: [0.5, 0.05] },
  { parents: [0, 1], table: [0.02, 0.9, 0.85, 0.99] },
];

test("a joint is the product of its tables, and sums to 1", () => {
  near(joint(NODES, [1, 0, 1]), 0.3 * 0.95 * 0.85);
  let sum = 0;
  for (let i = 0; i < 8; i++) sum += joint(NODES, [i & 1, (i >> 1) & 1, (i >> 2) & 1]);
  near(sum, 1);
});

test("ancestral samples come as often as the sum over all cases says", () => {
  const random = seeded(5);
  const exact = marginal(NODES, 2);
  near(exact, 0.7 * (0.5 * 0.02 + 0.5 * 0.9) + 0.3 * (0.95 * 0.85 + 0.05 * 0.99));
  let wet = 0;
  for (let i = 0; i < 20_000; i++) wet += ancestral(NODES, random)[2];
  near(wet / 20_000, exact, 4 * Math.sqrt((exact * (1 - exact)) / 20_000));
});

test("least squares goes through points of a line, and no other line has less error or fewer nats", () => {
  const straight = [1, 2, 5].map((x) => ({ x, y: 3 - 0.5 * x }));
  const { slope, offset } = leastSquares(straight);
  near(slope, -0.5);
  near(offset, 3);
  const points = [
    { x: 0, y: 1 },
    { x: 1, y: 0 },
    { x: 2, y: 4 },
  ];
  const best = leastSquares(points);
  for (const [da, db] of [
    [0.1, 0],
    [-0.1, 0],
    [0, 0.1],
    [0.05, -0.1],
  ]) {
    const other = { slope: best.slope + da, offset: best.offset + db };
    assert.ok(squaredError(points, other) > squaredError(points, best));
    assert.ok(gaussianNats(points, other, 0.7) > gaussianNats(points, best, 0.7));
  }
  near(gaussianNats([{ x: 0, y: 0 }], { slope: 0, offset: 0 }, 1), 0.5 * Math.log(2 * Math.PI));
});

test("a density is that of the mixture", () => {
  near(logDensity([{ mean: 0, sigma: 1, share: 1 }], 0), -0.5 * Math.log(2 * Math.PI));
  const two = [
    { mean: -1, sigma: 1, share: 0.5 },
    { mean: 1, sigma: 1, share: 0.5 },
  ];
  near(Math.exp(logDensity(two, 0)), Math.exp(-0.5) / Math.sqrt(2 * Math.PI));
});

test("the KL of two Gaussians is that of the closed form", () => {
  const [p, q] = [
    { mean: 0.5, sigma: 0.8, share: 1 },
    { mean: -0.3, sigma: 1.4, share: 1 },
  ];
  const exact = Math.log(q.sigma / p.sigma) + (p.sigma ** 2 + (p.mean - q.mean) ** 2) / (2 * q.sigma ** 2) - 0.5;
  near(kl([p], [q]), exact, 1e-6);
  near(kl([p], [p]), 0);
});

test("running down the forward KL ends at the mixture's moments, down the reverse KL in the nearer hump", () => {
  const p = [
    { mean: -2, sigma: 0.4, share: 0.6 },
    { mean: 2, sigma: 0.4, share: 0.4 },
  ];
  const settle = (cost) => {
    let q = { mean: 0.6, sigma: 0.6, share: 1 };
    for (let i = 0; i < 400; i++) q = descend(cost, q);
    return q;
  };
  const forward = settle((q) => kl(p, [q]));
  near(forward.mean, -0.4, 0.02); // the moments of p: −0.4 and 0.16 + 4 − 0.16
  near(forward.sigma, Math.sqrt(0.16 + 4 - 0.16), 0.02);
  const reverse = settle((q) => kl([q], p));
  near(reverse.mean, 2, 0.05);
  near(reverse.sigma, 0.4, 0.05);
});

test("a unit finds the table that another unit made", () => {
  fitUnit(logitsOfUnit([1.5, -2, 1, 0.5]).map(sigmoid)).forEach((found, at) => {
    near(found, [1.5, -2, 1, 0.5][at], 0.02);
  });
});

test("where no bit alone says anything, a unit says the mean and hidden units the table", () => {
  const table = [0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9];
  const unit = logitsOfUnit(fitUnit(table));
  for (const logit of unit) near(sigmoid(logit), 0.3, 1e-3);
  // The entropy of the mean less the mean entropy: what the table tells and the unit does not.
  const h = (/** @type {number} */ p) => -p * Math.log(p) - (1 - p) * Math.log(1 - p);
  near(meanKl(table, unit), h(0.3) - h(0.1), 1e-4);
  assert.ok(meanKl(table, fitHidden(table)) < 0.01);
});

test("a unit that is as sure as its dials allow is finitely far from a table", () => {
  // Of a logit of 40 the other value costs 40 nats, and the usual one next to none.
  const h = -0.99 * Math.log(0.99) - 0.01 * Math.log(0.01);
  near(meanKl([0.01], [40]), 0.99 * 40 - h);
  near(meanKl([0.99], [40]), 0.01 * 40 - h);
});
