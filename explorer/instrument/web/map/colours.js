import { clamp } from "../clamp.js";
import { latentName, spell } from "../dom.js";
import { orderLatents } from "../model/latents.js";
import { present } from "../present.js";

/** @typedef {[number, number, number]} Rgb bytes */

/**
 * What a point's colour says. A point has one of up to 256 indices, and an index a colour, so that a change of theme or a
 * filter sends 256 colours to the graphics card and no points.
 *
 * @typedef {object} Colouring
 * @property {string} title
 * @property {Uint8Array} of the index of each point
 * @property {Rgb[]} colours of each index
 * @property {string[] | null} names of the indices, where they are classes
 * @property {boolean} ordered the classes are values in order
 * @property {number[]} counts of the points of each class
 * @property {{at: number, text: string}[]} marks along a ramp, `at` from 0 to 1
 * @property {string} unit of the marks
 */

/**
 * Ten classes, each of one hue in both themes and of a contrast of 3 to the ground, found by annealing the least CIEDE2000
 * difference between any two, to the ordinary eye and to eyes without one kind of cone (Machado et al. 2009): 13.8. Each
 * stands as far as it can from all before it, for data of fewer classes.
 */
const CLASSES = {
  light: "a6960d 1b1cab 01a6a4 055f43 520842 e14c75 a97cfc 8f5f0f 0075ac 263e00",
  dark: "feeb57 354afa 99fbf7 047250 8b5179 cc6b80 c9b2ff d7ab72 5391bb 638e27",
};

/** [lightness, chroma, hue] in Oklch at the low, middle and high end. */
const RAMPS = {
  sequential: {
    light: [
      [0.86, 0.12, 100],
      [0.62, 0.12, 185],
      [0.27, 0.12, 275],
    ],
    dark: [
      [0.38, 0.12, 285],
      [0.62, 0.12, 200],
      [0.93, 0.14, 105],
    ],
  },
  diverging: {
    light: [
      [0.42, 0.15, 255],
      [0.85, 0.005, 90],
      [0.5, 0.15, 45],
    ],
    dark: [
      [0.78, 0.13, 245],
      [0.36, 0.005, 90],
      [0.8, 0.15, 60],
    ],
  },
};

const INDICES = 256;

/** Ordered factors with more values than this are a ramp, not a row of classes. */
const MOST_STEPS = 10;

/** The two hues of a circle, in degrees: its ends meet in the lightest colour, and its middle is the darkest. */
const CIRCLE = { hues: [255, 55], chroma: 0.13, light: [0.82, 0.32], dark: [0.9, 0.4] };

/** @param {number} lightness @param {number} chroma @param {number} hue in degrees @returns {Rgb} */
function oklch(lightness, chroma, hue) {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return /** @type {Rgb} */ (
    linear.map((value) => {
      const held = clamp(value, 0, 1);
      return Math.round(255 * (held <= 0.0031308 ? 12.92 * held : 1.055 * held ** (1 / 2.4) - 0.055));
    })
  );
}

/** @param {Rgb} rgb @returns {[number, number, number]} lightness, chroma and hue in degrees: what `oklch` turns back */
function inOklch(rgb) {
  const [red, green, blue] = rgb.map((byte) => {
    const value = byte / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  const a = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
  const b = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, Math.hypot(a, b), (Math.atan2(b, a) * 180) / Math.PI];
}

/** @param {string} hex with or without # @returns {Rgb} */
function bytesOf(hex) {
  const value = parseInt(hex.slice(-6), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** @param {Rgb} rgb @param {boolean} dark @returns {Rgb} in its own hue, no nearer to the ground than a contrast of 3 */
function visible(rgb, dark) {
  const [lightness, chroma, hue] = inOklch(rgb);
  return oklch(dark ? Math.max(0.5, lightness) : Math.min(0.66, lightness), chroma, hue);
}

/** @param {Rgb[]} colours @param {number} steps @returns {Rgb[]} the nearest of the colours for each step from first to last */
const stretched = (colours, steps) =>
  Array.from(
    { length: steps },
    (_, step) => colours[Math.round((step * (colours.length - 1)) / Math.max(1, steps - 1))],
  );

/** @param {"sequential" | "diverging"} kind @param {boolean} dark @param {number} steps @returns {Rgb[]} */
function ramp(kind, dark, steps) {
  const stops = RAMPS[kind][dark ? "dark" : "light"];
  return Array.from({ length: steps }, (_, step) => {
    const place = steps > 1 ? (2 * step) / (steps - 1) : 1;
    const from = Math.min(1, Math.floor(place));
    const mixed = stops[from].map((value, by) => value + (stops[from + 1][by] - value) * (place - from));
    return oklch(mixed[0], mixed[1], mixed[2]);
  });
}

/**
 * @param {boolean} dark
 * @param {number} steps
 * @returns {Rgb[]} of values on a circle, the last beside the first: blue on the way to the middle, orange on the way back
 */
export function circle(dark, steps) {
  const [high, low] = CIRCLE[dark ? "dark" : "light"];
  return Array.from({ length: steps }, (_, step) => {
    const turn = (2 * Math.PI * step) / steps;
    const lightness = low + ((high - low) * (1 + Math.cos(turn))) / 2;
    return oklch(lightness, CIRCLE.chroma * Math.abs(Math.sin(turn)), CIRCLE.hues[turn < Math.PI ? 0 : 1]);
  });
}

/** @param {number} count @param {boolean} dark @returns {Rgb[]} of classes; beyond ten they repeat, darker or lighter */
export function classColours(count, dark) {
  const ten = CLASSES[dark ? "dark" : "light"].split(" ").map(bytesOf);
  return Array.from({ length: count }, (_, at) => {
    const mix = Math.min(0.6, 0.3 * Math.floor(at / ten.length));
    return /** @type {Rgb} */ (ten[at % ten.length].map((byte) => Math.round(byte * (1 - mix) + 128 * mix)));
  });
}

/**
 * What the map can be coloured by, the best first.
 *
 * @param {import("../checkpoint/checkpoint.js").Card} card
 * @param {import("../checkpoint/embedding.js").Embedding} embedding
 * @returns {{value: string, text: string}[]}
 */
export function colourings(card, embedding) {
  const { active, inactive } = orderLatents(card);
  const factors = (embedding.factors && card.data.factors) || [];
  return [
    ...(embedding.label ? [{ value: "label", text: "label" }] : []),
    ...factors.map(({ name }) => ({ value: `factor:${name}`, text: name })),
    ...(embedding.reconstruction ? [{ value: "error", text: "reconstruction error" }] : []),
    ...[...active, ...inactive].map((latent) => ({ value: `z${latent}`, text: latentName(latent) })),
  ];
}

/**
 * @param {string} what one of `colourings`
 * @param {import("../checkpoint/checkpoint.js").Card} card
 * @param {import("../checkpoint/embedding.js").Embedding} embedding
 * @param {boolean} dark
 * @returns {Colouring}
 */
export function colouring(what, card, embedding, dark) {
  if (what === "label") {
    const names = present(card.data.labels);
    return classes("label", names, present(embedding.label), 1, 0, classColours(names.length, dark));
  }
  if (what.startsWith("factor:")) {
    const factors = present(card.data.factors);
    const codes = present(embedding.factors);
    const at = factors.findIndex(({ name }) => what === `factor:${name}`);
    const { name, size, kind, colours: own } = factors[at];
    /** @param {number} steps */
    const along = (steps) => {
      if (own) return stretched(own.map(bytesOf), steps).map((rgb) => visible(rgb, dark));
      return kind === "circular" ? circle(dark, steps) : ramp("sequential", dark, steps);
    };
    if ((kind === "categorical" && size <= INDICES) || size <= MOST_STEPS) {
      const names = Array.from({ length: size }, (_, value) => valueName(factors[at], value));
      const colours = kind === "categorical" && !own ? classColours(size, dark) : along(size);
      const found = classes(name, names, codes, factors.length, at, colours);
      return { ...found, ordered: kind !== "categorical" };
    }
    const places = { length: embedding.count };
    const values = Float32Array.from(places, (_, row) => codes[row * factors.length + at]);
    const ends = [0, size - 1].map((value, end) => ({ at: end, text: valueName(factors[at], value) }));
    return ramped(name, values, 0, size - 1, ends, "", along(INDICES));
  }
  if (what === "error") {
    const errors = present(embedding.reconstruction);
    const sorted = Float32Array.from(errors).sort();
    const quantile = (/** @type {number} */ share) => sorted[Math.round(share * (sorted.length - 1))];
    const [low, middle, high] = [0.05, 0.5, 0.95].map(quantile);
    const span = high - low || 1;
    const spelled = (/** @type {number} */ value) =>
      span < 10 ? spell(value, 1) : spell(Math.round(value), 1).slice(0, -2);
    const marks = [
      { at: 0, text: `5 % below ${spelled(low)}` },
      { at: (middle - low) / span, text: `median ${spelled(middle)}` },
      { at: 1, text: `5 % above ${spelled(high)}` },
    ];
    const colours = ramp("sequential", dark, INDICES);
    return ramped("reconstruction error", errors, low, high, marks, "nats", colours);
  }
  const latent = Number(what.slice(1));
  const { count, latents, mean } = embedding;
  const values = Float32Array.from({ length: count }, (_, row) => mean[row * latents + latent]);
  const sorted = values.slice().sort();
  const ends = [0.01, 0.99].map((share) => Math.abs(sorted[Math.round(share * (count - 1))]));
  const round = Math.ceil(2 * Math.max(0.5, ...ends)) / 2;
  const marks = [-1, 0, 1].map((side) => ({ at: (side + 1) / 2, text: spell(side * round, 1) }));
  return ramped(latentName(latent), values, -round, round, marks, "", ramp("diverging", dark, INDICES));
}

/**
 * @param {Pick<import("../checkpoint/contract.js").Factor, "values">} factor
 * @param {number} value
 * @returns {string} the name that the card gives it; without one a value is its place in order
 */
export const valueName = ({ values }, value) => values?.[value] ?? String(value);

/**
 * @param {string} title @param {string[]} names @param {ArrayLike<number>} values @param {number} stride
 * @param {number} offset @param {Rgb[]} colours @returns {Colouring}
 */
function classes(title, names, values, stride, offset, colours) {
  const of = new Uint8Array(values.length / stride);
  const counts = new Array(names.length).fill(0);
  for (let at = 0; at < of.length; at++) {
    of[at] = Math.min(values[at * stride + offset], INDICES - 1);
    counts[of[at]]++;
  }
  return { title, of, colours, names, ordered: false, counts, marks: [], unit: "" };
}

/**
 * @param {string} title @param {ArrayLike<number>} values @param {number} low @param {number} high
 * @param {Colouring["marks"]} marks @param {string} unit @param {Rgb[]} colours @returns {Colouring}
 */
function ramped(title, values, low, high, marks, unit, colours) {
  const of = new Uint8Array(values.length);
  const scale = (INDICES - 1) / (high - low || 1);
  for (let at = 0; at < of.length; at++) {
    of[at] = clamp(Math.round((values[at] - low) * scale), 0, INDICES - 1);
  }
  return { title, of, colours, names: null, ordered: true, counts: [], marks, unit };
}
