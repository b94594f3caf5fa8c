import { el, spell } from "../dom.js";
import { svg } from "../svg.js";

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [320, 180, 58, 24]; // LEFT takes 1,234,567: the loss of large images in colour

/** @param {number} loss */
const tick = (loss) => spell(loss, Math.abs(loss) < 10_000 ? 1 : 0);

/** The losses of a run over its steps: of training and, at each mark, of images that it does not learn from. */
export function createLosses() {
  /** @type {Map<number, import("./api.js").Loss>} */
  const known = new Map();
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  const words = el("p", { class: "train-loss-words" });
  const element = el("figure", { class: "train-losses", hidden: true }, el("h3", { text: "Loss" }), drawing, words);

  /** @param {number} steps of the whole run @param {string} unit */
  function draw(steps, unit) {
    const rows = [...known.values()].sort((a, b) => a[0] - b[0]);
    const values = rows.flatMap(([, train, validation]) => [train, validation]).filter((value) => value !== null);
    element.hidden = !values.length;
    if (!values.length) return;
    // The first few losses are far above all others, and would press those flat.
    const sorted = [...values].sort((a, b) => a - b);
    const [low, high] = [sorted[0], sorted[Math.floor(0.97 * (sorted.length - 1))]];
    const span = high - low || 1;
    const x = (/** @type {number} */ step) => LEFT + ((WIDTH - LEFT - 8) * step) / steps;
    const y = (/** @type {number} */ loss) => 8 + (HEIGHT - BOTTOM - 16) * (1 - (Math.min(loss, high) - low) / span);
    const learnt = rows.filter(([, train]) => train !== null);
    const line = learnt.map(([step, train]) => `${x(step)},${y(Number(train))}`);
    const checked = rows.filter(([, , validation]) => validation !== null);
    drawing.replaceChildren(
      svg("path", { d: `M${LEFT},8 V${HEIGHT - BOTTOM} H${WIDTH - 8}`, class: "train-axis" }),
      svg("text", { x: LEFT - 6, y: y(high) + 4, class: "train-tick end", text: tick(high) }),
      svg("text", { x: LEFT - 6, y: y(low) + 4, class: "train-tick end", text: tick(low) }),
      svg("text", { x: LEFT, y: HEIGHT - 7, class: "train-tick", text: "step 0" }),
      svg("text", { x: WIDTH - 8, y: HEIGHT - 7, class: "train-tick end", text: spell(steps, 0) }),
      svg("polyline", { points: line.join(" "), class: "train-line" }),
      ...checked.map(([step, , loss]) =>
        svg("circle", { cx: x(step), cy: y(Number(loss)), r: 3.5, class: "train-dot" }),
      ),
    );
    const [now, last] = [learnt.at(-1), checked.at(-1)];
    words.textContent = [
      now && `Line: the images it learns from, now ${spell(Number(now[1]), 1)} ${unit}.`,
      last && `Dots: held-out images, ${spell(Number(last[2]), 1)} at step ${spell(last[0], 0)}.`,
    ]
      .filter(Boolean)
      .join(" ");
    drawing.setAttribute("aria-label", words.textContent);
  }

  return {
    element,
    /** @param {import("./api.js").Job} job with the losses that are new */
    show({ losses, steps, step, unit }) {
      for (const at of known.keys()) if (at > step) known.delete(at);
      for (const loss of losses) known.set(loss[0], loss);
      draw(steps, unit);
    },
    /** @returns {number} the last step that is known */
    last: () => Math.max(0, ...known.keys()),
  };
}
