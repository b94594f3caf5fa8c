import { el, spell } from "../dom.js";
import { seeded } from "../engine/seeded.js";
import { tellProbes } from "../lesson/probes.js";
import { entropy, pick, softmax } from "./math.js";
import { action, createBars, createDial, section } from "./widgets.js";

const NAMES = ["circle", "square", "star", "heart"];
/** How far a logit's slider goes. */
const MOST = 10;

/** Four logits, their shares, and what a hundred draws give. */
export function categorical() {
  const logits = [1, 0, -1, 0.5];
  const bars = createBars(NAMES);
  const facts = el("p", { class: "hint" });
  const random = seeded(1);
  /** @type {number[] | null} */
  let counts = null;
  const dials = NAMES.map((name, at) =>
    createDial({
      label: `logit of ${name}`,
      min: -MOST,
      max: MOST,
      value: logits[at],
      onInput(value) {
        logits[at] = value;
        counts = null;
        show();
      },
    }),
  );

  /** @param {number} by */
  function shift(by) {
    // Where one would leave its slider, none moves: the shares must not change.
    const stuck = logits.findIndex((logit) => Math.abs(logit + by) > MOST);
    if (stuck >= 0) {
      facts.textContent = `The logit of ${NAMES[stuck]} would be ${spell(logits[stuck] + by)}, and its slider ends at ${spell(Math.sign(by) * MOST, 0)}: no logit was changed.`;
      return;
    }
    logits.forEach((logit, at) => {
      logits[at] = logit + by;
      dials[at].set(logit + by);
    });
    show();
  }

  function show() {
    const p = softmax(logits);
    const drawn = counts?.reduce((sum, count) => sum + count, 0) ?? 0;
    tellProbes(facts, { star_share: 100 * p[NAMES.indexOf("star")] });
    bars.show(p, counts?.map((count) => count / drawn) ?? null);
    facts.textContent =
      `Entropy ${spell(entropy(p))} nats of at most ${spell(Math.log(NAMES.length))}. ` +
      (drawn ? `${drawn} draws: ${counts?.map((count, at) => `${count} ${NAMES[at]}`).join(", ")}.` : "");
  }

  show();
  return section(
    {
      id: "categorical",
      title: "One of several: the categorical distribution",
      lead: "A network gives one number for each possibility, its logit. Softmax turns the logits into shares that sum to 1.",
      try: "Add 5 to all logits. Do the shares change? Then draw until the marks meet the bars.",
      why:
        "Softmax divides e to the power of a logit by the sum over all logits. Adding 5 multiplies both by the same number. So four " +
        "logits have three degrees of freedom. Draws scatter around the shares, by about √(p (1 − p) / n).",
    },
    el("div", { class: "small-dials" }, ...dials.map(({ element }) => element)),
    bars.element,
    el(
      "div",
      { class: "small-actions" },
      action("Add 5 to all", () => shift(5)),
      action("Take 5 from all", () => shift(-5)),
      action("Draw 100", () => {
        const p = softmax(logits);
        counts ??= NAMES.map(() => 0);
        for (let i = 0; i < 100; i++) counts[pick(p, random())]++;
        show();
      }),
    ),
    facts,
  );
}
