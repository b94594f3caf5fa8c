import assert from "node:assert/strict";
import { test } from "node:test";
import { createPool } from "../../explorer/instrument/web/model/pool.js";

test("the pool opens once and lets the oldest go", async () => {
  const opened = [];
  const released = [];
  const pool = createPool(async ({ key }) => {
    opened.push(key);
    if (key === "bad" && opened.length < 3) throw new Error("once");
    return { key, release: () => released.push(key) };
  }, 2);
  const get = (key) => pool.get({ key });
  const [first, same] = await Promise.all([get("a"), get("a")]);
  assert.equal(first, same);
  await assert.rejects(get("bad"), { message: "once" });
  assert.equal((await get("bad")).key, "bad");
  await get("a");
  await get("c");
  assert.deepEqual(opened, ["a", "bad", "bad", "c"]);
  assert.deepEqual(
    ["a", "bad", "c"].map((key) => pool.peek(key) !== null),
    [true, false, true],
  );
  assert.deepEqual(released, ["bad"]);
  pool.destroy();
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(released.sort(), ["a", "bad", "c"]);
});

test("the pool stops what it lets go of, also while that opens", async () => {
  const released = [];
  const signals = {};
  const pool = createPool(({ key }, signal) => {
    signals[key] = signal;
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      if (key !== "slow") resolve({ key, release: () => released.push(key) });
    });
  }, 4);
  const slow = pool.get({ key: "slow" });
  await Promise.all([pool.get({ key: "a" }), pool.get({ key: "b" })]);
  pool.keep(["b"]);
  await assert.rejects(slow, { name: "AbortError" });
  assert.deepEqual(released, ["a"]);
  assert.equal(signals.b.aborted, false);
  assert.notEqual(pool.peek("b"), null);
});
