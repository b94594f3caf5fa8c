import { clamp } from "../clamp.js";
import { standardNormal } from "./gaussian.js";
import { seeded } from "./seeded.js";

/**
 * Noise that is laid on an image before it is encoded, as `training/objectives/corruption.py` lays it: `level` is σ in grey
 * levels of a Gaussian, which is cut off at black and white, or the share of values that are lost. What is drawn depends on
 * the seed alone, so that a level that moves changes how strong the noise is, and not where.
 *
 * @typedef {"gaussian" | "masking" | "salt_and_pepper"} Kind
 * @typedef {{kind: Kind, level: number, seed: number}} Noise
 */

/** @type {Noise} */
export const NO_NOISE = { kind: "gaussian", level: 0, seed: 0 };

/** What each does, in a word for the list, the unit of its level, and a sentence. @type {Record<Kind, {label: string, level: string, how: string}>} */
export const KINDS = {
  gaussian: {
    label: "Gaussian",
    level: "σ",
    how: "A draw from N(0, σ²) is added to every grey level, from 0 to 1; what leaves the range is cut off.",
  },
  masking: { label: "Masking", level: "share", how: "This share of all pixels is made black." },
  salt_and_pepper: {
    label: "Salt and pepper",
    level: "share",
    how: "This share of all pixels is made black or white, one as likely as the other.",
  },
};

/** @param {string} kind @returns {kind is Kind} */
export const isKind = (kind) => Object.hasOwn(KINDS, kind);

/** @param {Noise} noise @returns {(value: number) => number} what becomes of a grey level; called once for each, in order */
function laid({ kind, level, seed }) {
  const random = seeded(seed);
  if (kind === "gaussian") return (value) => clamp(value + level * standardNormal(random), 0, 1);
  return (value) => {
    const [at, colour] = [random(), random()];
    if (at >= level) return value;
    return kind === "salt_and_pepper" && colour < 0.5 ? 1 : 0;
  };
}

/** @param {Float32Array} pixels in [0, 1] @param {Noise} noise @returns {Float32Array} the same where there is no noise */
export const corrupted = (pixels, noise) => (noise.level ? pixels.map(laid(noise)) : pixels);

/**
 * Peak signal-to-noise ratio: ten times the squared error is 10 dB less.
 *
 * @param {Float32Array} a in [0, 1] @param {Float32Array} b of the same size
 * @returns {number} 10 log₁₀(1 / mean squared difference), in dB; infinite where they are the same
 */
export function psnr(a, b) {
  const sum = a.reduce((sum, value, at) => sum + (value - b[at]) ** 2, 0);
  return -10 * Math.log10(sum / a.length);
}
