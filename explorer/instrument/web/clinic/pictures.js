import { context2d, el } from "../dom.js";
import { unpacked } from "./ward.js";

const SIDE = 28;

/** A row of pictures with what they are. */
export function createRow() {
  const canvas = el("canvas", { width: SIDE, height: SIDE, role: "img" });
  const title = el("span", {});
  return {
    element: el("div", { class: "clinic-row" }, title, canvas),
    /** @param {string} words @param {string} packed */
    draw(words, packed) {
      const pixels = unpacked(packed);
      const count = pixels.length / SIDE ** 2;
      title.textContent = words;
      canvas.setAttribute("aria-label", words);
      canvas.width = SIDE * count;
      const image = new ImageData(canvas.width, SIDE);
      pixels.forEach((value, at) => {
        const [picture, place] = [Math.floor(at / SIDE ** 2), at % SIDE ** 2];
        const to = 4 * (Math.floor(place / SIDE) * canvas.width + picture * SIDE + (place % SIDE));
        image.data.fill(value, to, to + 3);
        image.data[to + 3] = 255;
      });
      context2d(canvas).putImageData(image, 0, 0);
    },
  };
}
