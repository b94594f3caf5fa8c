import assert from "node:assert/strict";
import { test } from "node:test";
import { corrupted, KINDS, NO_NOISE, psnr } from "../../explorer/instrument/web/engine/corruption.js";
import { queryOf } from "../../explorer/instrument/web/lesson/lessons.js";
import { orderLatents } from "../../explorer/instrument/web/model/latents.js";

const GREY = new Float32Array(20_000).fill(0.4);
/** @param {Float32Array} values @param {(value: number) => boolean} which */
const share = (values, which) => values.filter(which).length / values.length;
/** @param {number} value @param {number} expected @param {number} by */
const near = (value, expected, by) => assert.ok(Math.abs(value - expected) < by, `${value}, not ${expected}`);

test("noise does what its name says", () => {
  const gaussian = corrupted(GREY, { kind: "gaussian", level: 0.1, seed: 0 });
  near(
    gaussian.reduce((sum, value) => sum + value / GREY.length, 0),
    0.4,
    0.003,
  );
  near(psnr(gaussian, GREY), 20, 0.1);
  const masked = corrupted(GREY, { kind: "masking", level: 0.3, seed: 0 });
  near(
    share(masked, (value) => value === 0),
    0.3,
    0.01,
  );
  near(
    share(masked, (value) => value === GREY[0]),
    0.7,
    0.01,
  );
  const peppered = corrupted(GREY, { kind: "salt_and_pepper", level: 0.3, seed: 0 });
  for (const end of [0, 1])
    near(
      share(peppered, (value) => value === end),
      0.15,
      0.01,
    );
  for (const values of [gaussian, corrupted(GREY, { kind: "gaussian", level: 1, seed: 0 })])
    assert.ok(values.every((value) => value >= 0 && value <= 1));
  assert.equal(corrupted(GREY, NO_NOISE), GREY);
});

test("a level that moves changes how strong the noise is, and not where", () => {
  for (const kind of /** @type {(keyof typeof KINDS)[]} */ (Object.keys(KINDS))) {
    const [weak, strong] = [0.1, 0.4].map((level) => corrupted(GREY, { kind, level, seed: 5 }));
    assert.deepEqual(strong, corrupted(GREY, { kind, level: 0.4, seed: 5 }));
    assert.notDeepEqual(strong, corrupted(GREY, { kind, level: 0.4, seed: 6 }));
    weak.forEach((value, at) => {
      const by = value - GREY[at];
      if (by) assert.ok((strong[at] - GREY[at]) / by > 0.99, `${kind} at ${at}`);
    });
  }
});

test("psnr by hand", () => {
  const [black, grey] = [new Float32Array(4), new Float32Array([0.1, 0.1, 0.1, 0.1])];
  near(psnr(black, grey), 20, 1e-5);
  assert.equal(psnr(black, black), Infinity);
});

test("of very many latents, those have a slider whose codes vary most", () => {
  const latents = Array.from({ length: 100 }, (_, at) => ({ kl_nats: null, mean: 0, std: at, active: true }));
  const card = /** @type {any} */ ({ latents, controls: [{ kind: "continuous", size: 100 }] });
  const { active, inactive } = orderLatents(card);
  assert.deepEqual([active[0], active.length, inactive.length], [99, 24, 0]);
  const few = /** @type {any} */ ({ latents: latents.slice(0, 30), controls: [{ kind: "continuous", size: 30 }] });
  assert.equal(orderLatents(few).active.length, 30);
});

test("a lesson lays noise on the image", () => {
  const setup = { compare: ["a", "b"], example: 7, noise: "gaussian,0.3" };
  assert.equal(queryOf(setup), "model=a&compare=a,b&apart=yes&example=7&noise=gaussian,0.3");
});
