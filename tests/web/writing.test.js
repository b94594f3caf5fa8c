import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "../../explorer/instrument/web/engine/seeded.js";
import { InstrumentError } from "../../explorer/instrument/web/errors.js";
import { openStepper } from "../../explorer/instrument/web/model/stepper.js";
import {
  beam,
  drawn,
  greedy,
  greedyAll,
  likeliest,
  logSoftmax,
  sampled,
} from "../../explorer/instrument/web/model/writing.js";
import { assertNear } from "./near.js";

const LONGEST = 3;
/** p(next | last): token 0 begins and ends. Greedy takes a (1), after which all is unlikely; the best begins with b (2). */
const CHAIN = [
  [0.1, 0.5, 0.4],
  [0.3, 0.36, 0.34],
  [0.9, 0.05, 0.05],
];

const CARD = {
  controls: [{ kind: "tokens", name: "word", alphabet: ["a", "b"], longest: LONGEST }],
  graphs: {
    step: {
      file: "step.onnx",
      inputs: [
        { name: "token", dtype: "int64", shape: ["batch"], role: "token", control: "word" },
        { name: "read", dtype: "float32", shape: ["batch", 2], role: "state", control: null },
      ],
      outputs: [
        { name: "logits", dtype: "float32", shape: ["batch", 3], role: "logits", control: "word" },
        { name: "next_read", dtype: "float32", shape: ["batch", 2], role: "state", control: null },
      ],
    },
  },
};
const GRID_CARD = { ...CARD, controls: [{ kind: "code_grid", name: "word", height: 1, width: LONGEST, codes: 3 }] };

/** Stands in for the open graph. Its logits are off by a constant, as logits may be; the state counts the tokens, and sums them. */
function chain(rows = CHAIN) {
  const runs = [];
  return {
    runs,
    released: 0,
    async run({ token, read }) {
      runs.push({ token: [...token.data].map(Number), read: [...read.data] });
      const count = token.data.length;
      const logits = Float32Array.from(
        [...token.data].flatMap((last) => rows[Number(last)].map((p) => Math.log(p) + 7)),
      );
      const sums = Float32Array.from(read.data, (value, at) => value + (at % 2 ? Number(token.data[at >> 1]) : 1));
      return {
        logits: { type: "float32", data: logits, dims: [count, 3] },
        next_read: { type: "float32", data: sums, dims: [count, 2] },
      };
    },
    release() {
      this.released += 1;
    },
  };
}

/** ln p of a whole sequence by the chain. */
function exact(tokens, ends = true) {
  let last = 0;
  let total = 0;
  for (const token of ends ? [...tokens, 0] : tokens) {
    total += Math.log(CHAIN[last][token]);
    last = token;
  }
  return total;
}

const sequences = (symbols, length) =>
  length === 0 ? [[]] : sequences(symbols, length - 1).flatMap((before) => symbols.map((token) => [...before, token]));
const WORDS = [0, 1, 2, 3].flatMap((length) => sequences([1, 2], length));

async function lastOf(writing) {
  let last = null;
  for await (const written of writing) last = written;
  return last;
}

test("greedy takes the likeliest token each time, a beam finds the likelier word that it misses", async () => {
  const stepper = await openStepper(chain(), CARD, "step.onnx");
  const found = await lastOf(greedy(stepper));
  assert.deepEqual([found.tokens, found.ended], [[1, 1, 1], true]);
  assertNear(found.logProbability, exact([1, 1, 1]), { absolute: 1e-6 });
  const best = WORDS.reduce((a, b) => (exact(a) > exact(b) ? a : b));
  assert.deepEqual(best, [2]);
  const [first] = await lastOf(beam(stepper, {}, 2));
  assert.deepEqual(first.tokens, best);
  assert.ok(first.logProbability > found.logProbability);
});

test("a beam wide enough is an exhaustive search, with and without an end", async () => {
  const words = await openStepper(chain(), CARD, "step.onnx");
  const everyWord = [...WORDS].sort((a, b) => exact(b) - exact(a));
  const foundWords = await lastOf(beam(words, {}, 27));
  assert.deepEqual(
    foundWords
      .map(({ tokens }) => tokens)
      .map(String)
      .sort(),
    everyWord.map(String).sort(),
  );
  assertNear(
    foundWords.map((one) => one.logProbability),
    everyWord.map((word) => exact(word)),
    { absolute: 1e-5 },
  );
  const grids = await openStepper(chain(), GRID_CARD, "step.onnx");
  const everyGrid = sequences([0, 1, 2], LONGEST)
    .map((grid) => exact(grid, false))
    .sort((a, b) => b - a);
  const foundGrids = await lastOf(beam(grids, {}, 27));
  assertNear(
    foundGrids.map((one) => one.logProbability),
    everyGrid,
    { absolute: 1e-5 },
  );
  assert.ok(foundGrids.every(({ tokens, ended }) => tokens.length === LONGEST && ended));
});

test("a beam of every width gives that many, likeliest first, and each its own probability", async () => {
  const stepper = await openStepper(chain(), CARD, "step.onnx");
  for (const width of [1, 2, 3, 5]) {
    const found = await lastOf(beam(stepper, {}, width));
    assert.equal(found.length, width);
    for (const one of found) {
      assertNear(one.logProbability, exact(one.tokens), { absolute: 1e-5 });
      assertNear(
        one.choices.reduce((sum, logP, at) => sum + logP[one.tokens[at] ?? 0], 0),
        exact(one.tokens),
        { absolute: 1e-5 },
      );
    }
    const totals = found.map((one) => one.logProbability);
    assert.deepEqual(
      totals,
      [...totals].sort((a, b) => b - a),
    );
  }
});

test("words are drawn as often as the model holds them likely, at any temperature", async () => {
  const stepper = await openStepper(chain(), CARD, "step.onnx");
  for (const [temperature, seed] of [
    [1, 1],
    [0.5, 2],
    [2, 3],
  ]) {
    const uniform = seeded(seed);
    const draws = 4000;
    const counts = new Map();
    for (let at = 0; at < draws; at++) {
      const { tokens } = await lastOf(sampled(stepper, {}, uniform, temperature));
      counts.set(String(tokens), (counts.get(String(tokens)) ?? 0) + 1);
    }
    const tempered = CHAIN.map((row) => {
      const weights = row.map((p) => p ** (1 / temperature));
      return weights.map((weight) => weight / weights.reduce((a, b) => a + b));
    });
    // The last token of one that is as long as any can be is not drawn.
    const expected = WORDS.map((word) => {
      const all = word.length === LONGEST ? word : [...word, 0];
      return all.reduce((p, token, at) => p * tempered[at ? word[at - 1] : 0][token], 1);
    });
    assertNear(
      expected.reduce((a, b) => a + b),
      1,
      { absolute: 1e-9 },
    );
    const chiSquared = WORDS.reduce((sum, word, at) => {
      const mean = draws * expected[at];
      return sum + ((counts.get(String(word)) ?? 0) - mean) ** 2 / mean;
    }, 0);
    // The 99.9 % quantile of χ² with 14 degrees of freedom.
    assert.ok(chiSquared < 36.1, `χ² is ${chiSquared} at temperature ${temperature}`);
  }
});

test("what is given stays, and counts in the probability", async () => {
  const stepper = await openStepper(chain(), GRID_CARD, "step.onnx");
  const found = await lastOf(sampled(stepper, {}, seeded(1), 1, [2, 2]));
  assert.deepEqual([found.tokens.slice(0, 2), found.tokens.length], [[2, 2], LONGEST]);
  assertNear(found.logProbability, exact(found.tokens, false), { absolute: 1e-5 });
});

test("the same seed writes the same", async () => {
  const stepper = await openStepper(chain(), GRID_CARD, "step.onnx");
  const write = async (seed) => (await lastOf(sampled(stepper, {}, seeded(seed)))).tokens;
  assert.deepEqual(await write(7), await write(7));
  const several = await Promise.all([1, 2, 3, 4, 5, 6].map(write));
  assert.ok(new Set(several.map(String)).size > 1);
});

test("a draw never falls on what is impossible, even where rounding leaves a rest", () => {
  const logP = Float64Array.of(-Infinity, Math.log(0.5), Math.log(0.5), -Infinity);
  assert.deepEqual(
    [0, 0.4999, 0.5, 0.9999999999999999].map((value) => drawn(logP, () => value, 1)),
    [1, 1, 2, 2],
  );
});

test("log-softmax holds for logits of any size, and the first of equals is the likeliest", () => {
  const found = logSoftmax(Float32Array.of(9, 9, 1000, 1000, -1000), 1, 2);
  assertNear(found, [Math.log(0.5), Math.log(0.5)], { absolute: 1e-12 });
  assert.equal(likeliest(found), 0);
});

test("many at once are written as each alone, and the engine runs once a place", async () => {
  const fake = chain();
  const stepper = await openStepper(fake, CARD, "step.onnx");
  fake.runs.length = 0;
  assert.deepEqual(await greedyAll(stepper, 3, {}), [
    [1, 1, 1],
    [1, 1, 1],
    [1, 1, 1],
  ]);
  assert.equal(fake.runs.length, LONGEST);
});

test("the state goes back as it came, and a beam takes along the state of what it keeps", async () => {
  const fake = chain();
  const stepper = await openStepper(fake, CARD, "step.onnx");
  fake.runs.length = 0;
  await lastOf(greedy(stepper));
  assert.deepEqual(
    fake.runs.map(({ token, read }) => [token, read]),
    [
      [[0], [0, 0]],
      [[1], [1, 0]],
      [[1], [2, 1]],
      [[1], [3, 2]],
    ],
  );
  fake.runs.length = 0;
  await lastOf(beam(stepper, {}, 2));
  for (const { token, read } of fake.runs.slice(1)) {
    token.forEach((_, row) => {
      assert.ok(read[2 * row] >= 1);
    });
  }
  // The beginnings after two letters are aa and ab: both come from the row of a.
  const third = fake.runs[2];
  assert.deepEqual(
    [third.token, third.read],
    [
      [1, 2],
      [2, 1, 2, 1],
    ],
  );
});

for (const [name, change, reason] of [
  [
    "other logits",
    (fake) => (fake.run = async () => ({ logits: { type: "float32", data: new Float32Array(4), dims: [2, 2] } })),
    /gives `logits` as float32 2 × 2/,
  ],
  [
    "no numbers",
    (fake) =>
      (fake.run = chain([
        [NaN, 1, 1],
        [1, 1, 1],
        [1, 1, 1],
      ]).run),
    /returns NaN or infinity/,
  ],
  [
    "it cannot run",
    (fake) => (fake.run = async () => Promise.reject(new Error("out of memory"))),
    /does not write two sequences/,
  ],
]) {
  test(`a step graph is refused and let go: ${name}`, async () => {
    const fake = chain();
    change(fake);
    await assert.rejects(
      openStepper(fake, CARD, "step.onnx"),
      (error) => error instanceof InstrumentError && reason.test(error.message),
    );
    assert.equal(fake.released, 1);
  });
}
