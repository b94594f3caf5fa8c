import { context2d, el, spell } from "../dom.js";

const SIZE = 480;
/** What holds less than e⁻⁷ of the most probable cell's density is not looked at. */
const IN_SIGHT_NATS = 7;

/**
 * The mass of a posterior in the plane, and Gaussians over it at 1 and 2 σ; the one by hand is dragged by its middle.
 *
 * @param {{onMove(mean: number[]): void, onEnd(): void}} options
 */
export function createPosteriorPicture({ onMove, onEnd }) {
  const element = el("canvas", {
    class: "posterior-picture",
    width: SIZE,
    height: SIZE,
    role: "img",
    "aria-label": "The true posterior, and your q over it",
  });
  /** @type {import("./evidence.js").Known | null} */
  let known = null;
  let [centre, span] = [[0, 0], 1];
  /** The mass, which stays while q moves. @type {HTMLCanvasElement | null} */
  let ground = null;
  let isDragged = false;

  const x = (/** @type {number} */ value) => SIZE / 2 + ((value - centre[0]) * SIZE) / span;
  const y = (/** @type {number} */ value) => SIZE / 2 - ((value - centre[1]) * SIZE) / span;

  /** @param {PointerEvent} event */
  function move(event) {
    const box = element.getBoundingClientRect();
    const [across, down] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    onMove([centre[0] + (across - 0.5) * span, centre[1] - (down - 0.5) * span]);
  }

  element.addEventListener("pointerdown", (event) => {
    if (!known || event.button !== 0) return;
    event.preventDefault();
    element.setPointerCapture(event.pointerId);
    isDragged = true;
    move(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (isDragged) move(event);
  });
  for (const end of ["pointerup", "pointercancel"])
    element.addEventListener(end, () => {
      if (isDragged) onEnd();
      isDragged = false;
    });

  /** In sight: what holds some of the mass, and the Gaussians. @param {import("./quadrature.js").Q[]} curves */
  function fit(curves) {
    if (!known) return;
    const { z, logJoint, side } = known.posterior;
    const most = logJoint.reduce((a, b) => Math.max(a, b), -Infinity);
    const [low, high] = [
      [Infinity, Infinity],
      [-Infinity, -Infinity],
    ];
    const include = (/** @type {number} */ axis, /** @type {number} */ from, /** @type {number} */ to) => {
      low[axis] = Math.min(low[axis], from);
      high[axis] = Math.max(high[axis], to);
    };
    for (let at = 0; at < side.length; at++) {
      if (logJoint[at] < most - IN_SIGHT_NATS) continue;
      for (const axis of [0, 1]) include(axis, z[2 * at + axis] - side[at], z[2 * at + axis] + side[at]);
    }
    for (const { mean, std } of curves)
      for (const axis of [0, 1]) include(axis, mean[axis] - 2.5 * std[axis], mean[axis] + 2.5 * std[axis]);
    span = 1.2 * Math.max(high[0] - low[0], high[1] - low[1]);
    centre = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2];
    ground = null;
  }

  /** @param {import("./quadrature.js").Q} q @returns {boolean} whether its middle is in sight */
  const isInSight = ({ mean }) => mean.every((value, axis) => Math.abs(value - centre[axis]) < span / 2);

  function paintGround() {
    if (!known) return null;
    const { z, logJoint, side } = known.posterior;
    const canvas = el("canvas", { width: SIZE, height: SIZE });
    const context = context2d(canvas);
    const most = logJoint.reduce((a, b) => Math.max(a, b), -Infinity);
    context.fillStyle = getComputedStyle(element).color;
    for (let at = 0; at < side.length; at++) {
      const share = Math.exp(logJoint[at] - most);
      if (share < 1e-3) continue;
      const size = Math.max(2, (side[at] * SIZE) / span);
      context.globalAlpha = share ** 0.5;
      context.fillRect(x(z[2 * at]) - size / 2, y(z[2 * at + 1]) - size / 2, size + 0.5, size + 0.5);
    }
    return canvas;
  }

  return {
    element,
    /** @param {import("./evidence.js").Known} next */
    hold(next) {
      if (known?.of !== next.of) span = 0;
      known = next;
      ground = null;
    },
    /** @param {import("./quadrature.js").Q} q by hand */
    draw(q) {
      if (!known) return;
      const { encoder, best } = known;
      // While it is dragged the ground stays where it is.
      if (span === 0 || (!isDragged && !isInSight(q))) fit([encoder, q, ...(best ? [best] : [])]);
      ground ??= paintGround();
      const context = context2d(element);
      const style = getComputedStyle(element);
      context.clearRect(0, 0, SIZE, SIZE);
      if (ground) context.drawImage(ground, 0, 0);
      /** @type {[import("./quadrature.js").Q | null, number[], number][]} */
      const curves = [
        [encoder, [10, 8], 3],
        [best, [2, 6], 4],
        [q, [], 4],
      ];
      context.strokeStyle = style.caretColor;
      context.fillStyle = style.caretColor;
      for (const [curve, dash, width] of curves) {
        if (!curve) continue;
        const { mean, std } = curve;
        context.lineWidth = width;
        context.setLineDash(dash);
        for (const sigmas of [1, 2]) {
          context.beginPath();
          context.ellipse(
            x(mean[0]),
            y(mean[1]),
            (sigmas * std[0] * SIZE) / span,
            (sigmas * std[1] * SIZE) / span,
            0,
            0,
            2 * Math.PI,
          );
          context.stroke();
        }
      }
      context.beginPath();
      context.arc(x(q.mean[0]), y(q.mean[1]), 7, 0, 2 * Math.PI);
      context.fill();
      element.setAttribute(
        "aria-label",
        `The true posterior, and your q around ${q.mean.map((value) => spell(value)).join(", ")}`,
      );
    },
  };
}
