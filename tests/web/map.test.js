import assert from "node:assert/strict";
import { test } from "node:test";
import { tickStep, ticksBetween } from "../../explorer/instrument/web/map/axes.js";
import { chiQuantile } from "../../explorer/instrument/web/map/chi.js";
import { valueName } from "../../explorer/instrument/web/map/colours.js";
import { chooseApart, thumbnailSize } from "../../explorer/instrument/web/map/mosaic.js";
import { createSearch, median } from "../../explorer/instrument/web/map/neighbours.js";
import { axesHere, createPlane, pathOn } from "../../explorer/instrument/web/map/plane.js";
import { createPlaneIndex } from "../../explorer/instrument/web/map/plane-index.js";
import { noMap } from "../../explorer/instrument/web/map/words.js";
import { lerp } from "../../explorer/instrument/web/path/interpolate.js";
import answers from "./answers.js";
import { assertNear } from "./near.js";
import { seeded } from "./seeded.js";

/** @param {number} count @param {number} width @param {() => number} draw @returns {Float32Array[]} */
const rows = (count, width, draw) => Array.from({ length: count }, () => Float32Array.from({ length: width }, draw));

/** @param {Float32Array[]} table */
const flat = (table) => Float32Array.from(table.flatMap((row) => [...row]));

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
const distance = (a, b) => Math.hypot(...Array.from(a, (value, at) => value - b[at]));

/** @param {number[]} values */
const sum = (values) => values.reduce((total, value) => total + value, 0);

/**
 * Where a code lies on a map: the geometric median of its 15 nearest points, weighted by 1 / (distance + 10⁻⁶), by
 * Weiszfeld's iteration, written down as its formula says.
 */
function placed(z, means, points, side) {
  const near = means
    .map((mean, at) => ({ point: points[at], weight: 1 / (distance(mean, z) + 1e-6) }))
    .sort((a, b) => b.weight - a.weight)
    .slice(0, 15);
  const mean = (weights) =>
    [0, 1].map((axis) => sum(near.map(({ point }, at) => weights[at] * point[axis])) / sum(weights));
  let middle = mean(near.map(({ weight }) => weight));
  for (let step = 0; step < 10; step++) {
    const from = middle;
    middle = mean(near.map(({ point, weight }) => weight / Math.hypot(distance(point, from), 0.01 * side)));
  }
  return middle;
}

for (const count of [4, 300]) {
  test(`placement is the weighted median of the nearest of ${count}`, () => {
    const { normal } = seeded(1);
    const means = rows(count, 5, normal);
    const points = rows(count, 2, normal);
    const chosen = [0, 2, 3];
    const search = createSearch({ codes: flat(means), count, latents: 5, chosen });
    const part = (row) => chosen.map((latent) => row[latent]);
    const extent = [0, 1].map((axis) => {
      const values = points.map((point) => point[axis]);
      return Math.max(...values) - Math.min(...values);
    });
    const side = Math.max(...extent);
    for (const z of rows(20, 5, normal)) {
      const nearest = search.nearest(z);
      const least = Math.min(...means.map((mean) => distance(part(mean), part(z))));
      assertNear(nearest.distances[0], least, { absolute: 1e-5 });
      const found = median(nearest, flat(points), side, new Float64Array(2));
      assertNear(found, placed(part(z), means.map(part), points, side), { absolute: 1e-4 });
    }
  });
}

test("of very many codes an even part is searched", () => {
  const count = 250_000;
  const codes = Float32Array.from({ length: count }, (_, at) => at);
  const search = createSearch({ codes, count, latents: 1, chosen: [0] });
  assert.equal(search.searched, 100_000);
  assert.deepEqual([...search.nearest([249_999]).indices.slice(0, 2)], [249_997, 249_995]);
});

const { uniform } = seeded(2);
const spread = rows(400, 2, () => uniform(-5, 5));
for (const [kind, points] of Object.entries({
  spread,
  clumped: spread.map((point) => point.map((value) => Math.sign(value) * 4 + value / 100)),
  "a line": spread.map(([x]) => Float32Array.of(x, 1.5)),
  "one place": spread.map(() => Float32Array.of(3, 3)),
  few: spread.slice(0, 3),
})) {
  test(`the index of the plane finds what looking at every point finds: ${kind}`, () => {
    const index = createPlaneIndex(flat(points));
    for (const [x, y] of [...rows(30, 2, () => uniform(-8, 8)), ...points.slice(0, 5)]) {
      const expected = points.map((point) => distance(point, [x, y]));
      const sorted = [...expected].sort((a, b) => a - b);
      const nearest = index.nearest(x, y);
      assert.equal(nearest.found, Math.min(15, points.length));
      assertNear(nearest.distances.slice(0, nearest.found), sorted.slice(0, 15), { absolute: 1e-5 });
      assert.equal(index.count(x, y, 1.25), expected.filter((away) => away <= 1.25).length);
      const odd = index.pick(x, y, 99, (at) => at % 2 === 1);
      assert.equal(odd % 2, 1);
      assertNear(expected[odd], Math.min(...expected.filter((_, at) => at % 2)), { absolute: 1e-5 });
      assert.equal(
        index.pick(x, y, 99, () => false),
        null,
      );
    }
  });
}

for (const { dimensions, shares, quantiles } of answers.chi) {
  test(`the shell of the prior is the χ distribution of ${dimensions} dimensions`, () => {
    assertNear(
      shares.map((share) => chiQuantile(share, dimensions)),
      quantiles,
      { relative: 1e-6 },
    );
  });
}

test("images on the map do not overlap, and none is left out that has room", () => {
  const points = rows(500, 2, seeded(3).normal);
  const chosen = chooseApart(flat(points), (at) => at !== 0, 0.5, 0.25);
  const overlap = (a, b) => Math.abs(points[a][0] - points[b][0]) < 0.5 && Math.abs(points[a][1] - points[b][1]) < 0.25;

  assert.equal(chosen[0], 1);
  assert.deepEqual(
    chosen,
    [...chosen].sort((a, b) => a - b),
  );
  assert.ok(chosen.every((one, at) => !chosen.slice(at + 1).some((other) => overlap(one, other))));
  // Each of the others is left out because it would overlap one of a lower number.
  for (let other = 1; other < 500; other++) {
    if (!chosen.includes(other)) assert.ok(chosen.some((one) => one < other && overlap(one, other)));
  }
});

for (const [shape, zoom, size] of [
  [[1, 28, 28], 1, [20, 20]],
  [[1, 28, 28], 4, [28, 28]],
  [[1, 28, 28], 100, [56, 56]],
  [[3, 12, 8], 1, [8, 12]],
  [[1, 64, 64], 1000, [60, 60]],
]) {
  test(`images on the map grow as one goes in: ${shape} at ${zoom}`, () => {
    const { width, height } = thumbnailSize(shape, zoom);
    assertNear([width, height], size, { absolute: 0.01 });
  });
}

test("a path on the map of the PCA is straight", () => {
  const { normal } = seeded(4);
  const axes = [
    [0.6, 0.8, 0, 0],
    [0, 0, -0.8, 0.6],
  ];
  const centre = [0.5, -1, 0.25, 2];
  const project = (z) => axes.map((axis) => sum(axis.map((part, at) => part * (z[at] - centre[at]))));
  const means = rows(12, 4, normal);
  const card = {
    latents: means[0].reduce((latents) => [...latents, { kl_nats: 1, active: true }], []),
    map: { latents: [0, 1, 2, 3], pca: { mean: centre, axes } },
  };
  const pca = flat(means.map((mean) => Float32Array.from(project(mean))));
  const plane = createPlane("pca", card, { count: 12, latents: 4, mean: flat(means), maps: { pca } });
  const [a, b] = [
    [1, -1, 2, 0.5],
    [-2, 0, 1, 0],
  ];
  const path = pathOn(plane, a, b, lerp, () => null);

  assert.equal(path.length, 24);
  const [from, to] = [project(a), project(b)];
  path.forEach((place, at) => {
    assertNear(
      place,
      from.map((value, axis) => value + (at / 23) * (to[axis] - value)),
      { absolute: 1e-6 },
    );
  });
});

for (const [wanted, latents, maps, axes] of [
  ["", 4, ["umap", "pca"], "umap"],
  ["", 2, ["umap", "pca"], "z0,z1"],
  ["umap", 2, ["umap", "pca"], "umap"],
  ["z1,z0", 2, ["umap", "pca"], "z1,z0"],
  ["z0,z7", 4, ["umap", "pca"], "umap"],
  ["pca", 4, [], "z3,z2"],
  ["", 1, [], null],
]) {
  test(`a model opens with the axes that suit it: “${wanted}” of ${latents} latents`, () => {
    const card = { latents: Array.from({ length: latents }, (_, at) => ({ kl_nats: at + 1, active: true })) };
    const embedding = { maps: Object.fromEntries(maps.map((name) => [name, new Float32Array(2)])) };
    assert.equal(axesHere(wanted, card, embedding), axes);
  });
}

test("values of a factor have the names that the card gives them", () => {
  const named = (/** @type {string[] | null} */ values) => [0, 1].map((value) => valueName({ values }, value));
  assert.deepEqual(named(["square", "heart"]), ["square", "heart"]);
  assert.deepEqual(named(null), ["0", "1"]);
});

test("ticks stand at round values, far enough apart, and only where they can be seen", () => {
  assert.equal(tickStep(55), 1);
  assert.equal(tickStep(40), 2);
  assert.equal(tickStep(10), 5);
  assertNear(tickStep(500), 0.1, { relative: 1e-9 });
  assertNear(ticksBetween(-1.05, 1.02, 0.5), [-1, -0.5, 0, 0.5, 1], { absolute: 1e-12 });
  assertNear(ticksBetween(2, 4, 2), [2, 4], { absolute: 1e-12 });
  assert.deepEqual(ticksBetween(0.1, 0.4, 1), []);
});

test("what our training did not make is not sent to a command that needs its configuration", () => {
  const entry = /** @type {any} */ ({ path: "runs/mine" });
  const card = /** @type {any} */ ({ training: { configuration: {} } });
  assert.match(noMap(entry, card), /training embed runs\/mine/);
  for (const training of [null, { configuration: null }]) {
    const imported = noMap(entry, { ...card, training });
    assert.match(imported, /without `--no-map`/);
    assert.doesNotMatch(imported, /embed/);
  }
});
