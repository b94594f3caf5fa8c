import { context2d, el, focusIn, selectedOnFocus, spell, spellKl } from "../dom.js";
import { bell, cutWidth } from "../engine/gaussian.js";
import { icon } from "../icons.js";
import { cellOf } from "../model/latents.js";
import { said } from "../spoken.js";
import { svg } from "../svg.js";
import { createRange } from "./range.js";

/** The prior's peak as a part of the height of a row's densities: the posterior's, on the same scale, is often much higher. */
const PRIOR_PEAK = 1 / 3;

/** A narrower posterior than this could not be seen. */
const LEAST_SEEN = 0.012;

/** @param {number | null} nats @returns {string} with one decimal, for a narrow column whose title has the unit */
const shortKl = (nats) => (nats === null ? "" : nats < 0.095 ? "<0.1" : spell(nats, 1));

/**
 * The slider of one latent: its KL where it has one, its value, its filmstrip with the track over it, and the densities
 * under it.
 *
 * @param {{latent: import("../model/latents.js").Latent, hasPrior: boolean, largestKl: number,
 *   shape: import("../engine/pixels.js").Shape | null, commands: import("../stage/commands.js").Commands}} options `shape` of
 *   the images of its filmstrip, if there is one
 */
export function createSlider({ latent: described, hasPrior, largestKl, shape, commands }) {
  const { index: latent, name, steps, isStepped } = described;
  // Few values may lie unevenly: their slider counts them.
  const [first, last] = isStepped ? [0, steps.length - 1] : [steps[0], steps[steps.length - 1]];
  const placeOf = (/** @type {number} */ z) => (isStepped ? cellOf(steps, z) : z);
  const valueAt = (/** @type {number} */ place) => (isStepped ? steps[Math.round(place)] : place);
  const kl = described.kl === null ? null : spellKl(described.kl);
  const inNats = kl === null ? null : said("{kl} nats of KL", { kl });
  const id = `latent-${latent}`;

  const film = shape
    ? el("canvas", { class: "film", width: steps.length * shape[2], height: shape[1], "aria-hidden": "true" })
    : null;
  const now = shape
    ? el("canvas", {
        class: "thumb-image",
        width: shape[2],
        height: shape[1],
        style: `width: calc(100% / ${steps.length})`,
        "aria-hidden": "true",
      })
    : null;
  const nowContext = now && context2d(now, { alpha: false });
  const range = createRange(
    {
      id,
      min: first,
      max: last,
      step: isStepped ? 1 : (last - first) / 600,
      "aria-label": inNats ? `${name}, ${inNats}` : name,
    },
    {
      onTake: (to, time) => commands.move(latent, valueAt(to), time),
      onSettle: commands.settle,
      shown: () => placeOf(shown),
    },
  );
  const value = el("input", {
    class: "value",
    type: "text",
    inputmode: "decimal",
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": said("Value of {name}", { name }),
    on: {
      change: enter,
      /** @param {KeyboardEvent} event */
      keydown(event) {
        if (event.key === "Enter") enter();
        else if (event.key === "Escape") {
          write(shown);
          range.focus();
        } else return;
        event.preventDefault();
      },
      blur: () => write(shown),
    },
  });
  selectedOnFocus(value);
  const spread = el("span", { class: "posterior-text" });
  const lock = toggle("lock", () => commands.toggleLock(latent));
  const play = toggle("play", () => commands.togglePlay(latent));

  const prior = svg("path", { class: "prior", d: hasPrior ? bell(0, 1, first, last, PRIOR_PEAK) : null });
  const posterior = svg("path", { class: "posterior" });
  const cut = svg("path", { class: "posterior-cut" });
  const meanLine = svg("path", { class: "posterior-mean" });
  const half = (last - first) / (steps.length - 1) / 2;
  const curves = svg(
    "svg",
    {
      class: "curves",
      viewBox: `${first - half} 0 ${last - first + 2 * half} 1`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    ...[prior, posterior, cut, meanLine],
  );

  const element = el(
    "div",
    {
      class: "latent",
      "data-latent": latent,
      style: `--kl: ${(described.kl ?? 0) / (largestKl || 1)}; --cells: ${steps.length}`,
    },
    el(
      "div",
      { class: "latent-head" },
      el("label", { for: id, class: "latent-name", text: name }),
      el(
        "span",
        { class: "kl", title: inNats },
        ...(kl ? [el("span", { class: "kl-bar" }), el("span", { class: "kl-nats", text: shortKl(described.kl) })] : []),
      ),
      value,
      lock,
      play,
    ),
    el(
      "div",
      { class: "latent-track" },
      el(
        "div",
        { class: film ? "strip" : "strip no-film", on: { dblclick: () => commands.resetLatent(latent) } },
        film,
        now,
        range,
      ),
      curves,
      spread,
    ),
  );

  /** @param {"lock" | "play"} kind @param {() => void} act */
  function toggle(kind, act) {
    return el(
      "button",
      { class: `quiet ${kind}`, type: "button", "aria-pressed": "false", on: { click: act } },
      icon(kind),
    );
  }

  /** @param {HTMLElement} button @param {boolean} pressed @param {any} picture @param {string} label */
  function press(button, pressed, picture, label) {
    button.setAttribute("aria-pressed", String(pressed));
    button.setAttribute("aria-label", label);
    button.title = label;
    button.replaceChildren(icon(picture));
  }

  function enter() {
    if (value.value !== spell(shown)) commands.enter(latent, value.value);
    write(shown);
  }

  let shown = NaN;
  /** @param {number} z */
  function write(z) {
    shown = z;
    value.value = spell(z);
  }

  const context = film && context2d(film);
  return {
    element,
    /** Puts the keyboard here: on the slider, or where it is locked, on what unlocks it. */
    focus: () => (range.disabled ? lock : range).focus({ preventScroll: false }),
    /** Makes it the slider that the Tab key reaches, of all of them. @param {boolean} isReached */
    setReached(isReached) {
      for (const control of [range, value, lock, play]) control.tabIndex = isReached ? 0 : -1;
    },
    /** @param {number} z */
    show(z) {
      write(z);
      range.value = String(placeOf(z));
      if (now) now.style.transform = `translateX(${(100 * cellOf(steps, z)).toFixed(1)}%)`;
      range.setAttribute("aria-valuetext", spell(z));
    },
    /** @param {ImageData} image */
    draw: (image) => context?.putImageData(image, 0, 0),
    /** The thumb shows the image as it is now. @param {HTMLCanvasElement} image */
    drawNow: (image) => nowContext?.drawImage(image, 0, 0),
    /** @param {boolean} locked */
    setLocked(locked) {
      // A control that is switched off would drop the focus, and with it the place of the keyboard.
      if (locked && [range, value, play].some((control) => control === focusIn(element))) lock.focus();
      range.disabled = value.disabled = play.disabled = locked;
      element.classList.toggle("locked", locked);
      press(
        lock,
        locked,
        locked ? "lock" : "unlock",
        said(locked ? "Unlock {name}" : "Lock {name}: nothing moves it", { name }),
      );
    },
    /** @param {boolean} playing */
    setPlaying: (playing) =>
      press(
        play,
        playing,
        playing ? "pause" : "play",
        said(playing ? "Pause {name}" : "Play {name} from end to end", { name }),
      ),
    /** @param {number | null} mean where the encoder puts an image @param {number | null} [sigma] of its posterior, if it has one */
    setPosterior(mean, sigma = null) {
      const mu = mean === null ? null : placeOf(mean);
      const isDensity = mu !== null && sigma !== null;
      const std = Math.max(sigma ?? 0, LEAST_SEEN);
      posterior.setAttribute("d", isDensity ? bell(mu, std, first, last, PRIOR_PEAK) : "");
      const wide = isDensity ? cutWidth(std, PRIOR_PEAK) : 0;
      const [left, right] = [Math.max(first, (mu ?? 0) - wide), Math.min(last, (mu ?? 0) + wide)];
      cut.setAttribute("d", left < right ? `M${left} 0H${right}` : "");
      meanLine.setAttribute("d", mu === null || mu < first || mu > last ? "" : `M${mu} 0V1`);
      spread.title = said(isDensity ? "μ ± σ of the posterior" : "Where the encoder puts this image");
      spread.textContent = isDensity ? `${spell(mu)} ± ${spell(sigma)}` : mean === null ? "" : spell(mean);
      // At the end of the row that the density leaves free.
      spread.classList.toggle("left", mu !== null && mu > (first + last) / 2);
      element.classList.toggle("has-posterior", mu !== null);
    },
  };
}
