import { el, spell } from "../dom.js";
import { corrupted, psnr } from "../engine/corruption.js";
import { tellProbes } from "../lesson/probes.js";
import { spelled } from "../noise/noise.js";
import { term } from "../term.js";
import { takesNoise } from "./noise.js";

const WHAT =
  "How close an image is to the one without noise: the higher, the closer, and 10 dB more is a tenth of the squared difference. " +
  "Peak signal-to-noise ratio, 10 log₁₀(1 / mean squared difference), grey levels from 0 to 1, of this image as it stands on " +
  "screen.";

/**
 * How near the decoded image is to the one without noise, beside how near the noisy one was.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
function create({ store, decoded }) {
  /** @type {import("../store.js").Source | null} */
  let source = null;
  const before = el("output", { class: "number" });
  const after = el("output", { class: "number" });
  const gain = el("output", { class: "number gain" });
  const element = el(
    "div",
    { class: "denoised", hidden: true },
    term("PSNR", WHAT),
    el("span", {}, "noisy ", before),
    el("span", {}, "→ decoded ", after),
    gain,
  );

  function measure() {
    const now = decoded.get();
    element.hidden = !source?.pixels || !now;
    if (!source?.pixels || !now) return;
    const { codes, noise } = store.get();
    const noisy = psnr(corrupted(source.pixels, noise), source.pixels);
    const clean = psnr(now.values, source.pixels);
    before.textContent = spelled(noisy);
    after.textContent = spelled(clean);
    // Where the image is new and not yet decoded, what is on screen is still another's: no goal is reached by that.
    if (now.codes === codes) tellProbes(element, { psnr: clean });
    const more = clean - noisy;
    gain.textContent = Number.isFinite(more) ? `${more < 0 ? "−" : "+"}${spell(Math.abs(more), 1)} dB` : "";
  }

  decoded.onSet(measure);
  return {
    element,
    setSource(next) {
      source = next;
      measure();
    },
  };
}

/** @type {import("../stage.js").Panel} */
export default {
  name: "denoised",
  compare: "each",
  place: "below",
  fits: ({ card, decoder, encoder, shape }) => (decoder && encoder && shape && takesNoise(card) ? true : ""),
  create,
};
