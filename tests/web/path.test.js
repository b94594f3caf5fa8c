import assert from "node:assert/strict";
import { test } from "node:test";
import { easedCodes } from "../../explorer/instrument/web/export/animation.js";
import { isSpelled, jsonOf, pythonLines } from "../../explorer/instrument/web/export/python-lines.js";
import { wayOf } from "../../explorer/instrument/web/path/course.js";
import { arithmetic, distance, lerp, slerp } from "../../explorer/instrument/web/path/interpolate.js";
import answers from "./answers.js";
import { assertNear } from "./near.js";

const TIMES = [0, 0.1, 1 / 3, 0.5, 0.875, 1];

test("a spherical path turns and stretches evenly", () => {
  const { a, b, times, arc } = answers.slerp;
  const ends = [Math.hypot(...a), Math.hypot(...b)];
  times.forEach((t, at) => {
    const code = slerp(a, b, t);
    const length = Math.hypot(...code);
    assertNear(
      code.map((value) => value / length),
      arc[at],
      { absolute: 1e-12 },
    );
    assertNear(length, ends[0] + (ends[1] - ends[0]) * t, { relative: 1e-12 });
  });
  assertNear(slerp(a, b, 0), a, { relative: 1e-15 });
  assertNear(slerp(a, b, 1), b, { relative: 1e-15 });
});

for (const [name, a, b] of [
  ["from zero", [0, 0, 0], [1, 2, 3]],
  ["to zero", [1, 2, 3], [0, 0, 0]],
  ["zeros", [0, 0, 0], [0, 0, 0]],
  ["parallel", [1, 2, 3], [2, 4, 6]],
  ["the same", [1, 2, 3], [1, 2, 3]],
  ["opposed", [1, 2, 3], [-1, -2, -3]],
  ["nearly parallel", [1, 0, 0], [1, 1e-9, 0]],
]) {
  test(`where there is no one arc the path is straight: ${name}`, () => {
    for (const t of TIMES) {
      const code = slerp(a, b, t);
      assertNear(
        code,
        a.map((value, latent) => value + t * (b[latent] - value)),
        { absolute: 1e-12 },
      );
      assert.deepEqual(code, lerp(a, b, t));
    }
  });
}

test("arithmetic and distance are exact", () => {
  assert.deepEqual([...arithmetic([3.5, -1.25], [1.5, 0.75], [0.25, 1])], [2.25, -1]);
  assert.equal(distance([0, 3], [4, 0]), 5);
});

for (const kind of [lerp, slerp]) {
  test(`the way keeps what is locked: ${kind.name}`, () => {
    const [a, b] = [
      [1.5, -0.5, 0.25, 0],
      [-1, 2, 0.75, 0],
    ];
    const way = wayOf({ z: [9, -2, 9, 9], locked: [1], slerp: kind === slerp, most: 5 });
    for (const t of TIMES) {
      const expected = [...kind(a, b, t)];
      expected[1] = -2;
      assertNear(way(a, b, t), expected, { relative: 1e-15 });
    }
  });
}

test("codes of an animation run from end to end and rest there", () => {
  const codes = easedCodes((t) => [t]).flat();
  const expected = Array.from({ length: 25 }, (_, at) => (1 - Math.cos((at / 24) * Math.PI)) / 2);
  assertNear(codes, expected, { absolute: 1e-12 });
});

/** @param {string} name @param {string} dtype @param {(string | number)[]} shape */
const port = (name, dtype, shape) => ({ name, dtype, shape, role: "value", control: name });

test("lines of Python hold what each port takes, and any path", () => {
  const graph = /** @type {any} */ ({
    file: "decoder.onnx",
    inputs: [port("z", "float32", ["batch", 2]), port("codes", "int64", ["batch", 2, 2])],
  });
  const tensors = /** @type {any} */ ({
    z: { data: Float32Array.of(0, -1.234), dims: [1, 2] },
    codes: { data: BigInt64Array.of(3n, 0n, 63n, 1n), dims: [1, 2, 2] },
  });
  assert.equal(
    pythonLines({ id: "odd", path: 'runs/a "b"' }, graph, tensors),
    `import numpy as np
import onnxruntime

decode = onnxruntime.InferenceSession("runs/a \\"b\\"/decoder.onnx").run
image = decode(None, {"z": np.array([[0, -1.234]], np.float32), "codes": np.array([[[3, 0], [63, 1]]], np.int64)})[0][0]
`,
  );
  assert.equal(isSpelled(graph), true);
  assert.equal(isSpelled(null), false);
  const image = port("condition", "float32", ["batch", 2, 28, 28]);
  assert.equal(isSpelled({ ...graph, inputs: [...graph.inputs, image] }), false);
});

test("JSON says which decoder and how it was made", () => {
  const command = "python -m training train blots";
  const sha256 = "ab".repeat(32);
  const card = { title: "Blots", training: { command }, files: { "decoder.onnx": { bytes: 1, sha256 } } };
  assert.deepEqual(JSON.parse(jsonOf({ id: "blots", path: "runs/blots" }, card, [0.5, 0])), {
    model: "blots",
    title: "Blots",
    folder: "runs/blots",
    command,
    decoder_sha256: sha256,
    z: [0.5, 0],
  });
});
