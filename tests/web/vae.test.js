// The VAE that is trained in the page: its slopes against differences, its bound against the best there is.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createVae } from "../../explorer/instrument/web/distributions/vae.js";
import { standardNormal } from "../../explorer/instrument/web/engine/gaussian.js";
import { seeded } from "../../explorer/instrument/web/engine/seeded.js";

test("every slope is what a small change of its weight does to the loss", () => {
  const random = seeded(3);
  const vae = createVae(random);
  const x = Float64Array.from({ length: 10 }, () => standardNormal(random));
  const noise = Float64Array.from({ length: 10 }, () => standardNormal(random));
  const beta = 1.7;
  vae.measure(x, noise, beta);
  const slopes = vae.learned.map(({ slope }) => Float64Array.from(slope));
  vae.learned.forEach(({ value }, which) => {
    for (const at of new Set([0, value.length >> 1, value.length - 1])) {
      const [kept, h] = [value[at], 1e-5];
      const [more, less] = [h, -h].map((by) => {
        value[at] = kept + by;
        return vae.measure(x, noise, beta).loss;
      });
      value[at] = kept;
      const expected = (more - less) / (2 * h);
      assert.ok(Math.abs(slopes[which][at] - expected) < 1e-6 * (1 + Math.abs(expected)), `${which}, ${at}`);
    }
  });
});

test("on Gaussian points the bound comes within a tenth of a nat of their entropy, which none can pass", () => {
  const random = seeded(1);
  const [wide, narrow] = [1.2, 0.4];
  const points = Float64Array.from({ length: 4000 }, (_, i) => (i % 2 ? narrow : wide) * standardNormal(random));
  const vae = createVae(random);
  for (let step = 0; step < 1500; step++) vae.train(points, 1);
  const noise = Float64Array.from(points, () => standardNormal(random));
  const entropy = 1 + Math.log(2 * Math.PI) + Math.log(wide * narrow);
  const { loss } = vae.measure(points, noise, 1);
  assert.ok(loss > entropy - 0.05 && loss < entropy + 0.1, `${loss}, not ${entropy}`);
});
