import { el, spell, write } from "../dom.js";
import { standardNormal } from "../engine/gaussian.js";
import { createRange } from "../latents/range.js";
import { orderLatents } from "../model/latents.js";
import { createColumns } from "./columns.js";
import { createDiagram } from "./diagram.js";
import { noiseAt, zOf } from "./epsilon.js";
import { partsOf } from "./parts.js";

/** How far σ can be scaled. */
const MOST_SCALE = 2;

/**
 * The inside of the model: how an image becomes μ and σ, chance makes z of them, and the decoder an image of z. It follows
 * every move; ε can be rolled again and σ scaled.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
export function createPipeline({ model, commands, store }) {
  const { hasPosterior } = model;
  const { active, inactive } = orderLatents(model.card);
  const order = (active.length ? active : inactive).map((latent) => model.latents[latent]);
  const diagram = createDiagram(partsOf(model));
  const columns = createColumns(order, hasPosterior);
  /** @type {{mean: ArrayLike<number>, std: number[]} | null} */
  let posterior = null;
  /** The last roll, which stays while z is at the mean. @type {number[]} */
  let rolled = Array.from({ length: model.latents.length }, () => standardNormal());
  /** @type {import("./epsilon.js").Noise} */
  let noise = { epsilon: rolled, scale: 0 };
  /** The z that was last made here, and of what. @type {{z: number[], noise: import("./epsilon.js").Noise} | null} */
  let made = null;
  let isMaking = false;
  let frame = 0;

  const formula = el("p", { class: "pipeline-sum" });
  const scale = createRange(
    { min: 0, max: MOST_SCALE, step: 0.05, "aria-label": "Scale of σ: 0 is the mean, 1 a draw from the posterior" },
    {
      onTake: (value, time) => make({ epsilon: rolled, scale: value }, time),
      onSettle: commands.settle,
      shown: () => noise.scale,
    },
  );
  scale.className = "pipeline-scale";
  const draw = el("button", {
    class: "action pipeline-draw",
    type: "button",
    text: "Draw from the posterior",
    title: "Roll ε again: a new z from q(z|x) (E)",
    on: { click: () => commands.resample() },
  });
  const roll = el(
    "div",
    { class: "pipeline-roll", hidden: true },
    formula,
    el("label", { class: "pipeline-scaling" }, el("span", { text: "less" }), scale, el("span", { text: "more noise" })),
    draw,
  );
  const hint = el("p", {
    class: "hint",
    text: `${model.shape ? "Choose, draw or upload an image" : "Type a word"}: its μ and σ appear here.`,
  });
  const element = el(
    "section",
    { class: "pipeline", "aria-label": "From image to code and back" },
    diagram.element,
    ...(hasPosterior ? [hint] : []),
    columns.element,
    ...(hasPosterior ? [roll] : []),
  );

  /** One step of scaling σ. @param {import("./epsilon.js").Noise} next @param {number} time */
  function make(next, time) {
    if (!posterior) return;
    noise = next;
    isMaking = true;
    commands.moveTo(zOf(posterior.mean, posterior.std, next), time);
    isMaking = false;
    made = { z: model.z(store.get()), noise };
    request();
  }

  /** What explains the z that is on screen. */
  function explain() {
    if (!posterior || isMaking) return;
    const z = model.z(store.get());
    if (made?.z === z) noise = made.noise;
    else noise = noiseAt(z, posterior.mean, posterior.std, rolled);
    rolled = noise.epsilon;
  }

  function request() {
    frame ||= requestAnimationFrame(update);
  }

  function update() {
    frame = 0;
    explain();
    const z = model.z(store.get());
    columns.show(
      hasPosterior ? [posterior?.mean ?? null, posterior?.std ?? null, posterior ? noise.epsilon : null, z] : [z],
    );
    if (!hasPosterior) return;
    scale.value = String(noise.scale);
    scale.setAttribute("aria-valuetext", spell(noise.scale));
    const text =
      noise.scale === 0
        ? "z = μ"
        : `z = μ + ${noise.scale === 1 ? "" : `${spell(noise.scale)}\u00a0·\u00a0`}σ\u00a0·\u00a0ε`;
    write(formula, text);
  }

  request();
  requestAnimationFrame(() => {
    const bench = /** @type {HTMLElement | null} */ (element.closest(".bench"));
    if (bench) diagram.listenIn(bench);
  });

  return {
    element,
    show(state, before) {
      if (!before || model.z(state) !== model.z(before)) request();
    },
    setSource(source) {
      const { mean, logVariance } = source ?? {};
      const std = logVariance && Array.from(logVariance, (value) => Math.exp(value / 2));
      posterior = mean && std ? { mean, std } : null;
      made = null;
      hint.hidden = posterior !== null;
      roll.hidden = posterior === null;
      request();
    },
    destroy: () => cancelAnimationFrame(frame),
  };
}
