import { el, spell } from "../dom.js";
import { term } from "../term.js";
import { row } from "./row.js";
import { bound, sharesOf } from "./weights.js";

/** What the weights are called until there are any. */
const UNDRAWN = "No draws yet";

const MOST_DRAWS_POWER = 9;

/** IWAE's bound from as many draws of q as are chosen, and how the weight is shared among them. */
export function createIwae() {
  /** @type {Float64Array | null} */
  let logs = null;
  /** ln p(x), in nats. */
  let evidence = 0;

  const draws = el("input", {
    type: "range",
    min: 0,
    max: MOST_DRAWS_POWER,
    step: 1,
    value: 6,
    "aria-label": "K, the number of draws for IWAE's bound",
    on: { input: showBound },
  });
  const k = el("output", { class: "number" });
  const iwae = el("dd", { class: "number" });
  const bars = el("span", { class: "weight-bars", role: "img", "aria-label": UNDRAWN });
  const worth = el("p", { class: "hint" });
  const element = el(
    "section",
    { class: "iwae", "aria-label": "IWAE" },
    el("label", { class: "q-width" }, "Draws K", draws, k),
    el("dl", {}, row(term("IWAE's bound", IWAE), iwae)),
    bars,
    worth,
  );

  function showBound() {
    const count = 2 ** draws.valueAsNumber;
    k.textContent = String(count);
    draws.setAttribute("aria-valuetext", String(count));
    if (!logs) return;
    const value = bound(logs, count);
    iwae.textContent = `${spell(value, 1)} nats, ${spell(evidence - value, 1)} below`;
    const { shares, worth: equal } = sharesOf(logs, count);
    bars.replaceChildren(
      ...shares.slice(0, 64).map((share) => el("i", { style: `height: ${Math.max(2, (100 * share) / shares[0])}%` })),
    );
    const sentence =
      count === 1
        ? "One draw has all the weight: with K = 1 the bound is the ELBO, here from 512 draws."
        : `Of ${count} draws the largest weight holds ${spell(100 * shares[0], 0)} % of the sum; together they are ` +
          `worth ${spell(equal, 1)} draws from the true posterior.`;
    bars.setAttribute("aria-label", sentence);
    worth.textContent = sentence;
  }

  showBound();
  return {
    element,
    clear() {
      iwae.textContent = "–";
      bars.replaceChildren();
      bars.setAttribute("aria-label", UNDRAWN);
      worth.textContent = "";
      logs = null;
    },
    /** @param {Float64Array} found ln of the weights of draws of q @param {number} logEvidence ln p(x), in nats */
    show(found, logEvidence) {
      logs = found;
      evidence = logEvidence;
      showBound();
    },
  };
}

const IWAE =
  "How probable the image is at least, judged by K draws from your q: the more draws, the nearer to ln p(x), if q reaches all of the " +
  "posterior. It is ln of the mean of the K weights p(x, z)/q(z), averaged over 512/K groups (Burda et al. 2016).";
