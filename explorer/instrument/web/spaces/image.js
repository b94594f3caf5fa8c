import { HALVES, half, halfOf, hiddenCount, isSamePart, readPart, spelledPart } from "../image/seen-part.js";
import { Unreadable } from "./unreadable.js";

/**
 * @typedef {import("../checkpoint/contract.js").Image} Control
 * @typedef {{pixels: Float32Array | null, seen: import("../image/seen-part.js").Seen}} Value `pixels`: C×H×W in [0, 1];
 *   without them nothing is seen, whatever part would be
 */

/**
 * An image of which a part is seen. A link holds the part; the pixels are those of the image that it starts from.
 *
 * @type {import("./index.js").Space<Value, Control>}
 */
export const space = {
  kind: "image",

  start: ({ shape: [, height, width], seen }) => ({ pixels: null, seen: half(seen, height, width) }),

  same: (a, b) => a === b || (a.pixels === b.pixels && isSamePart(a.seen, b.seen)),

  /** The half that is seen at first needs no saying. */
  write({ seen }, { shape: [, height, width], seen: first }) {
    const name = halfOf(seen, height, width);
    return name === first ? null : (name ?? spelledPart(seen));
  },

  read(text, { name, shape: [, height, width] }) {
    const side = HALVES.find((one) => one === text);
    const seen = side ? half(side, height, width) : readPart(text, height * width);
    if (!seen) throw new Unreadable(`what is seen of its ${name} is not a part of an image of ${width} × ${height}`);
    return { pixels: null, seen };
  },

  words({ seen }, { shape: [, height, width] }) {
    const name = halfOf(seen, height, width);
    return name ? `${name} half seen` : `${hiddenCount(seen)} of ${height * width} pixels hidden`;
  },

  tensor(values, { shape: [channels, height, width] }) {
    const plane = height * width;
    const size = (channels + 1) * plane;
    const data = new Float32Array(values.length * size);
    values.forEach(({ pixels, seen }, row) => {
      if (!pixels) return;
      const from = row * size;
      for (let at = 0; at < channels * plane; at++) data[from + at] = seen[at % plane] ? pixels[at] : 0;
      data.set(seen, from + channels * plane);
    });
    return { type: "float32", data, dims: [values.length, channels + 1, height, width] };
  },

  fromTensor(data, { shape: [channels, height, width] }) {
    const plane = height * width;
    const seen = Uint8Array.from(data.subarray(channels * plane, (channels + 1) * plane), (value) =>
      Number(value > 0.5),
    );
    return { pixels: data.slice(0, channels * plane), seen };
  },
};
