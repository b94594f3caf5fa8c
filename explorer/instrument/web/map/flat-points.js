import { context2d } from "../dom.js";

const PALETTE = 256;

/**
 * The same round points as `points.js` draws, by the canvas alone: for browsers without WebGL 2, such as a Firefox whose
 * graphics card is blocked. Ten thousand take some ten milliseconds, and only when something about them changes.
 *
 * @param {HTMLCanvasElement} layer that shows them
 * @returns {import("./points.js").Points}
 */
export function createFlatPoints(layer) {
  const context = context2d(layer);
  /** @type {Float32Array} */
  let places = new Float32Array(0);
  /** @type {Uint8Array} */
  let indices = new Uint8Array(0);
  /** @type {(readonly [number, number, number, number])[]} */
  let colours = [];
  /** A disc of each colour, drawn once and copied. @type {Map<number, HTMLCanvasElement>} */
  const discs = new Map();
  let drawn = 0;

  /** @param {number} index @param {number} side in dots */
  function disc(index, side) {
    const known = discs.get(index);
    if (known) return known;
    const made = document.createElement("canvas");
    made.width = made.height = Math.ceil(side) + 2;
    const [red, green, blue, solid] = colours[index];
    const pen = context2d(made);
    pen.fillStyle = `rgb(${red} ${green} ${blue} / ${solid / 255})`;
    pen.arc(made.width / 2, made.height / 2, side / 2, 0, 2 * Math.PI);
    pen.fill();
    discs.set(index, made);
    return made;
  }

  return {
    setPlaces(points) {
      places = points;
    },
    setIndices(of) {
      indices = of;
    },
    setPalette(colour) {
      colours = Array.from({ length: PALETTE }, (_, index) => colour(index));
      discs.clear();
    },
    draw(view, size) {
      if (!view.width) return;
      const { dots } = view;
      const [width, height] = [Math.round(view.width * dots), Math.round(view.height * dots)];
      if (layer.width !== width || layer.height !== height) Object.assign(layer, { width, height });
      if (drawn !== size * dots) discs.clear();
      drawn = size * dots;
      context.clearRect(0, 0, width, height);
      const scale = view.scale * dots;
      for (let at = 0; at < Math.min(places.length / 2, indices.length); at++) {
        if (!colours[indices[at]]?.[3]) continue;
        const image = disc(indices[at], drawn);
        const half = image.width / 2;
        const x = width / 2 + (places[2 * at] - view.x) * scale;
        const y = height / 2 - (places[2 * at + 1] - view.y) * scale;
        context.drawImage(image, x - half, y - half);
      }
    },
    destroy() {},
  };
}
