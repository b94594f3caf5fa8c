import assert from "node:assert/strict";
import { test } from "node:test";
import { classColours, colouring } from "../../explorer/instrument/web/map/colours.js";
import { contrast, difference, lab, seenAs, VISIONS } from "./colour-vision.js";

const GROUNDS = { light: [255, 255, 255], dark: [0x14, 0x17, 0x1b] };

/** @param {readonly number[]} a @param {readonly number[]} b */
const distance = (a, b) => Math.hypot(...a.map((value, at) => value - b[at]));

/** @param {readonly number[]} rgb bytes @returns {number} hue in CIE L*a*b*, degrees */
function hueOf(rgb) {
  const [, a, b] = lab(rgb);
  return (Math.atan2(b, a) * 180) / Math.PI;
}

/** @param {number} one @param {number} other degrees */
const apart = (one, other) => Math.abs(((one - other + 540) % 360) - 180);

/** @param {Partial<import("../../explorer/instrument/web/checkpoint/contract.js").Factor>} factor @param {boolean} dark */
function coloured(factor, dark) {
  const size = factor.size ?? 4;
  const embedding = /** @type {any} */ ({ factors: Int32Array.from({ length: size }, (_, at) => at), count: size });
  const card = /** @type {any} */ ({
    data: { factors: [{ name: "shape", size, values: null, colours: null, ...factor }] },
  });
  return colouring(`factor:${factor.name ?? "shape"}`, card, embedding, dark);
}

test("colour differences are those that Sharma et al. (2005), table 1, list", () => {
  for (const [one, other, listed] of /** @type {[number[], number[], number][]} */ ([
    [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
    [[50, -1, 2], [50, 0, 0], 2.3669],
    [[50, 2.5, 0], [73, 25, -18], 27.1492],
    [[50, 2.5, 0], [61, -5, 29], 22.8977],
    [[60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644],
    [[22.7233, 20.0904, -46.694], [23.0331, 14.973, -42.5619], 2.0373],
    [[90.8027, -2.0831, 1.441], [91.1528, -1.6435, 0.0447], 1.4441],
    [[6.7747, -0.2908, -2.4247], [5.8714, -0.0985, -2.2286], 0.6377],
  ])) {
    assert.ok(Math.abs(difference(one, other) - listed) < 1e-4, `${one} and ${other}`);
  }
});

for (const [theme, ground] of Object.entries(GROUNDS)) {
  const ten = classColours(10, theme === "dark");

  for (const [name, vision] of Object.entries(VISIONS)) {
    test(`ten classes are told apart on a ${theme} ground, ${name}`, () => {
      const seen = ten.map((rgb) => seenAs(rgb, vision));
      const differences = seen.flatMap((one, at) => seen.slice(0, at).map((other) => difference(one, other)));
      assert.ok(Math.min(...differences) >= 13.5, `least ΔE00 ${Math.min(...differences).toFixed(1)}`);
    });
  }

  test(`ten classes stand out from a ${theme} ground`, () => {
    for (const rgb of ten) assert.ok(contrast(rgb, ground) >= 3, `${rgb}: ${contrast(rgb, ground).toFixed(2)}`);
  });

  test(`a factor that is a colour is drawn in its own hue on a ${theme} ground`, () => {
    const colours = ["#fcb2a5", "#b9bd79", "#5bbab6", "#4e5edb"];
    const own = colours.map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
    for (const kind of /** @type {const} */ (["ordered", "circular", "categorical"])) {
      const found = coloured({ kind, colours }, theme === "dark").colours;
      assert.equal(found.length, 4);
      found.forEach((rgb, at) => {
        assert.ok(apart(hueOf(rgb), hueOf(own[at])) < 8, `${colours[at]} became ${rgb}`);
        assert.ok(contrast(rgb, ground) >= 2.9, `${rgb}: ${contrast(rgb, ground).toFixed(2)}`);
      });
    }
  });
}

test("a class keeps its hue when the theme changes", () => {
  const [light, dark] = [false, true].map((isDark) => classColours(10, isDark));
  light.forEach((rgb, at) => assert.ok(apart(hueOf(rgb), hueOf(dark[at])) < 20, `${rgb} became ${dark[at]}`));
});

for (const name of ["shape", "colour"]) {
  test(`the kind of a factor decides its colours, and its name does not: ${name}`, () => {
    const [ordered, categorical, circular] = /** @type {const} */ (["ordered", "categorical", "circular"]).map((kind) =>
      coloured({ name, kind }, false),
    );
    assert.deepEqual([ordered.ordered, categorical.ordered, circular.ordered], [true, false, true]);
    assert.deepEqual(categorical.colours, classColours(4, false));
    // From the last value to the first: on a line farther than any step, on a circle a step like the others.
    const steps = ({ colours }) => colours.map((colour, at) => distance(colour, colours[(at + 1) % 4]));
    const [line, round] = [steps(ordered), steps(circular)];
    assert.ok(line[3] > 1.2 * Math.max(...line.slice(0, 3)));
    assert.ok(Math.max(...round) < 2 * Math.min(...round));
  });
}
