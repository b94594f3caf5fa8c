/** Of the two colours, told apart by every eye and on light and dark alike. */
const MORE = [230, 120, 20];
const LESS = [45, 110, 215];

/**
 * Draws how a source differs from its reconstruction. Where they agree it is transparent, so that the theme's own ground
 * is the middle of the scale.
 *
 * @param {CanvasRenderingContext2D} context of a canvas of the images' size
 * @param {Float32Array} source C×H×W
 * @param {Float32Array} reconstruction
 * @param {import("../engine/pixels.js").Shape} shape
 * @param {boolean} signed else one colour for both ways
 * @returns {number} the mean absolute difference
 */
export function drawDifference(context, source, reconstruction, [channels, height, width], signed) {
  const image = new ImageData(width, height);
  const plane = width * height;
  let sum = 0;
  for (let at = 0; at < plane; at++) {
    let mean = 0;
    let size = 0;
    for (let from = at; from < channels * plane; from += plane) {
      const difference = source[from] - reconstruction[from];
      mean += difference / channels;
      size += Math.abs(difference) / channels;
    }
    sum += size;
    const colour = signed && mean < 0 ? LESS : MORE;
    const strength = signed ? Math.abs(mean) : size;
    image.data.set([...colour, Math.round(255 * Math.min(1, strength))], 4 * at);
  }
  context.putImageData(image, 0, 0);
  return sum / plane;
}
