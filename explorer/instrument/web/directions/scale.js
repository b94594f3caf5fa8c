import { spell } from "../dom.js";
import { svg } from "../svg.js";

const [WIDTH, HEIGHT] = [320, 46];
const FIELD = { left: 8, right: 312, line: 22 };

/**
 * A score on a line, with the score of every pair of random groups as a tick.
 *
 * @param {import("./coherence.js").Coherence} score
 * @returns {SVGElement}
 */
export function drawScale({ value, random, below }) {
  const low = Math.min(-0.1, value, random[0]);
  const x = (/** @type {number} */ score) => FIELD.left + ((score - low) / (1 - low)) * (FIELD.right - FIELD.left);
  const { line } = FIELD;
  const said = `Coherence ${spell(value)}: above ${below} of ${random.length} pairs of random groups`;
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "plot coherence-scale", role: "img", "aria-label": said },
    svg("path", { class: "axes", d: `M${FIELD.left} ${line}H${FIELD.right}` }),
    svg("path", { class: "random", d: random.map((score) => `M${x(score).toFixed(1)} ${line - 8}v16`).join("") }),
    ...[0, 1].map((tick) =>
      svg("text", {
        class: "tick",
        x: x(tick),
        y: HEIGHT - 2,
        "text-anchor": tick ? "end" : "middle",
        text: String(tick),
      }),
    ),
    svg("path", { class: "score", d: `M${x(value)} ${line - 8}l7 8l-7 8l-7 -8z` }),
  );
}
