/** @typedef {readonly number[]} Triple */

/**
 * What eyes without one kind of cone see: Machado, Oliveira & Fernandes (2009), "A Physiologically-based Model for
 * Simulation of Color Vision Deficiency", table 1 at severity 1, on linear RGB.
 *
 * @type {Record<string, Triple[]>}
 */
export const VISIONS = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** Linear sRGB to CIE XYZ under D65 (IEC 61966-2-1). */
const XYZ = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
];
const WHITE = [0.95047, 1, 1.08883];

/** @param {readonly Triple[]} matrix @param {Triple} vector */
const times = (matrix, vector) => matrix.map((row) => row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2]);

/** @param {Triple} rgb bytes @returns {number[]} from 0 to 1, proportional to light */
const linear = (rgb) => rgb.map((byte) => (byte <= 10.31475 ? byte / 3294.6 : ((byte / 255 + 0.055) / 1.055) ** 2.4));

/** @param {Triple} rgb bytes @param {readonly Triple[]} vision @returns {number[]} CIE L*, a*, b* of what is seen */
export function seenAs(rgb, vision) {
  const seen = times(vision, linear(rgb)).map((value) => Math.min(1, Math.max(0, value)));
  return fromLinear(seen);
}

/** @param {Triple} rgb bytes @returns {number[]} CIE L*, a*, b* */
export const lab = (rgb) => seenAs(rgb, VISIONS.normal);

/** @param {Triple} seen linear RGB from 0 to 1 @returns {number[]} CIE L*, a*, b* */
function fromLinear(seen) {
  const [x, y, z] = times(XYZ, seen).map((value, axis) => {
    const share = value / WHITE[axis];
    return share > 216 / 24389 ? Math.cbrt(share) : ((24389 / 27) * share + 16) / 116;
  });
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** @param {Triple} one bytes @param {Triple} other bytes @returns {number} contrast by WCAG 2, from 1 to 21 */
export function contrast(one, other) {
  const [low, high] = [one, other].map((rgb) => times(XYZ, linear(rgb))[1] + 0.05).sort((a, b) => a - b);
  return high / low;
}

const TURN = 2 * Math.PI;
const radians = (/** @type {number} */ degrees) => (degrees * Math.PI) / 180;

/**
 * CIEDE2000 as in Sharma, Wu & Dalal (2005), "The CIEDE2000 Color-Difference Formula", equations 2 to 22.
 *
 * @param {Triple} one L*, a*, b* @param {Triple} other @returns {number}
 */
export function difference([l1, a1, b1], [l2, a2, b2]) {
  const mean7 = ((Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2) ** 7;
  const g = 1.5 - 0.5 * Math.sqrt(mean7 / (mean7 + 25 ** 7));
  const [c1, c2] = [Math.hypot(g * a1, b1), Math.hypot(g * a2, b2)];
  const [h1, h2] = [Math.atan2(b1, g * a1), Math.atan2(b2, g * a2)].map((hue) => (hue + TURN) % TURN);
  const grey = c1 * c2 === 0;
  let turn = grey ? 0 : h2 - h1;
  if (turn > Math.PI) turn -= TURN;
  if (turn < -Math.PI) turn += TURN;
  const far = Math.abs(h1 - h2) > Math.PI;
  const hue = grey ? h1 + h2 : (h1 + h2 + (far ? (h1 + h2 < TURN ? TURN : -TURN) : 0)) / 2;
  const [l, c] = [(l1 + l2) / 2, (c1 + c2) / 2];
  const t =
    1 -
    0.17 * Math.cos(hue - radians(30)) +
    0.24 * Math.cos(2 * hue) +
    0.32 * Math.cos(3 * hue + radians(6)) -
    0.2 * Math.cos(4 * hue - radians(63));
  const middle = (l - 50) ** 2;
  const lightness = (l2 - l1) / (1 + (0.015 * middle) / Math.sqrt(20 + middle));
  const chroma = (c2 - c1) / (1 + 0.045 * c);
  const angle = (2 * Math.sqrt(c1 * c2) * Math.sin(turn / 2)) / (1 + 0.015 * c * t);
  const blue = radians(60) * Math.exp(-((((hue * 180) / Math.PI - 275) / 25) ** 2));
  const rotation = -2 * Math.sqrt(c ** 7 / (c ** 7 + 25 ** 7)) * Math.sin(blue);
  return Math.sqrt(lightness ** 2 + chroma ** 2 + angle ** 2 + rotation * chroma * angle);
}
