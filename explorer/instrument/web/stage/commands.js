import { clamp } from "../clamp.js";
import { isolated, latentName, spell } from "../dom.js";
import { standardNormal } from "../engine/gaussian.js";
import { sentenceFor } from "../errors.js";
import { TEMPERATURES } from "../link.js";
import { cellOf } from "../model/latents.js";
import { isPart } from "../model/numbers.js";
import { SEEDS } from "../model/writing.js";
import { BRIEFLY_MS } from "../page/messages.js";
import { farthest, nearestLevel, rounded } from "../spaces/continuous.js";
import { said } from "../spoken.js";

/** @typedef {ReturnType<typeof createCommands>} Commands */

/** Of what was typed, in characters: enough to know it again. */
const LONGEST_ECHO = 40;

/**
 * Everything a person can do to where they are, whichever of pointer, keyboard or button asks for it. `z` is the value of
 * the model's continuous control; what moves it leaves the other controls as they are.
 *
 * @param {{model: import("../model/model.js").Model, store: import("../store.js").Store,
 *   player: import("../latents/player.js").Player, codesOf(example: number): Promise<Codes> | Codes | null,
 *   nameOf(example: number): string | null, source(): import("../store.js").Source | null, onDraw(z: number[]): void,
 *   messages: {say(sentence: string): void, tell(sentence: string, ms?: number): void},
 *   warn(sentence: string): void}} options `codesOf`: where an example puts the controls, once that is known; `warn`: of an
 *   image that cannot be encoded
 *
 * @typedef {import("../model/model.js").Codes} Codes
 */
export function createCommands({ model, store, player, codesOf, nameOf, source, onDraw, messages, warn }) {
  const most = model.continuous ? farthest(model.continuous) : 0;
  /** @param {number} value @param {number} latent @returns {number} where the latent can be */
  const held = (value, latent) =>
    model.latents[latent]?.isStepped ? nearestLevel(model.latents[latent].steps, value) : clamp(value, -most, most);
  const isLocked = (/** @type {number} */ latent) => store.get().locked.includes(latent);
  const zNow = () => model.z(store.get());

  /** Where everything was before it was only looked away from. @type {Codes | null} */
  let before = null;

  /** @param {number} time */
  function back(time) {
    if (before) store.set({ codes: before }, time);
    before = null;
  }

  /** @param {ArrayLike<number>} z @returns {Codes} with every latent there that is not locked */
  function atZ(z) {
    const codes = before ?? store.get().codes;
    const now = model.z({ codes });
    return model.withZ(
      { codes },
      now.map((value, latent) => (isLocked(latent) ? value : held(z[latent], latent))),
    ).codes;
  }

  /** Where some controls go: of z only what is not locked. @param {Codes} codes @returns {Codes} */
  function at(codes) {
    const from = before ?? store.get().codes;
    const now = { ...from, ...codes };
    if (!Object.keys(codes).some((name) => isPart(model.continuous, name))) return now;
    return model.withZ({ codes: now }, model.z({ codes: atZ(model.z({ codes: now })) })).codes;
  }

  /** A word stands in its field for as long as it is the source. @param {Codes} codes @param {Partial<import("../store.js").State>} change @returns {Codes} */
  function withoutWord(codes, { example, own }) {
    if (example !== null || own !== null) return codes;
    return { ...codes, ...Object.fromEntries(model.words.map((word) => [word.name, word.space.start(word)])) };
  }

  /** Goes there, and ends the move. @param {Codes} codes @param {Partial<import("../store.js").State>} [change] */
  function jump(codes, change = {}) {
    player.stop();
    store.set({ ...change, codes: withoutWord(codes, change) });
    before = null;
    store.commit();
  }

  /** Changes what is not z. @param {Partial<import("../store.js").State>} what */
  function change(what) {
    back(performance.now());
    store.set(what);
    store.commit();
  }

  /** @param {number} latent */
  function refuse(latent) {
    messages.tell(said("{name} is locked: unlock it to move it.", { name: latentName(latent) }));
  }

  /** @param {unknown} error */
  function fail(error) {
    console.error(error);
    warn(sentenceFor(error, "The image could not be encoded: reload the page to try again."));
    return null;
  }

  const ENCODED = model.hasPosterior
    ? "{what}: z is its posterior mean."
    : "{what}: the controls are where the encoder puts it.";

  const commands = {
    /** Shows what lies at another z for as long as the pointer is there: `endPreview` goes back. @param {ArrayLike<number>} z */
    preview(z, time = performance.now()) {
      player.stop();
      const from = (before ??= store.get().codes);
      store.set({ codes: atZ(z) }, time);
      before = from;
    },
    endPreview: () => back(performance.now()),
    /** One step of a drag that moves the whole of z; ends with `settle`. @param {ArrayLike<number>} z */
    moveTo(z, time = performance.now()) {
      player.stop();
      back(time);
      store.set({ codes: atZ(z) }, time);
    },
    /** Goes to a z. @param {ArrayLike<number>} z @param {Partial<import("../store.js").State>} [change] */
    go: (z, change) => jump(atZ(z), change),
    /** One step of a change of any control: drawn at once, linked on `settle`. @param {string} control its name @param {any} value */
    put(control, value, time = performance.now()) {
      back(time);
      if (store.get().playing !== null) player.stop();
      store.set({ codes: { ...store.get().codes, [control]: value } }, time);
    },
    /** The same, and ends the move. @param {string} control @param {any} value */
    set(control, value) {
      jump({ ...(before ?? store.get().codes), [control]: value });
    },
    /** One step of a drag of one latent: drawn at once, linked on `settle`. @param {number} latent @param {number} value */
    move(latent, value, time = performance.now()) {
      back(time);
      if (isLocked(latent)) return refuse(latent);
      const { playing } = store.get();
      if (playing === latent || playing === "path") player.stop();
      const z = [...zNow()];
      z[latent] = held(value, latent);
      store.set(model.withZ(store.get(), z), time);
    },
    /** @param {number} latent @param {number} by in steps of a prior @param {number} time */
    nudge(latent, by, time) {
      back(time);
      const z = zNow()[latent];
      const { steps, isStepped } = model.latents[latent];
      if (isStepped) {
        const next = Math.round(cellOf(steps, z)) + Math.sign(by);
        return commands.move(latent, steps[clamp(next, 0, steps.length - 1)], time);
      }
      const [first, last] = [steps[0], steps[steps.length - 1]];
      // Typed, linked and sampled values lie beyond the track too, and are not to be pulled back onto it.
      const [low, high] = [Math.min(first, z, -z), Math.max(last, z, -z)];
      commands.move(latent, clamp(z + by * ((last - first) / 6), low, high), time);
    },
    settle() {
      back(performance.now());
      store.commit();
    },
    /** What was typed: a comma is a point, a value too far out is brought in, and nonsense changes nothing. @param {number} latent @param {string} text */
    enter(latent, text) {
      const tidy = text.trim().replace(",", ".").replace("−", "-");
      const value = Number(tidy);
      if (tidy === "")
        return messages.tell(
          said("{name} is unchanged: type a number, such as 1.25 or −0,4.", { name: latentName(latent) }),
        );
      if (!Number.isFinite(value))
        return messages.tell(
          said("“{typed}” is not a number; {name} is unchanged. Try 1.25 or −0,4.", {
            typed: text.trim().slice(0, LONGEST_ECHO),
            name: latentName(latent),
          }),
        );
      if (Math.abs(value) > most)
        messages.tell(
          `${latentName(latent)} is limited to ±${spell(most, 0)}` +
            `${model.continuous?.prior ? ": the prior has almost no mass beyond that" : ""}.`,
        );
      back(performance.now());
      if (rounded(held(value, latent)) === zNow()[latent]) return;
      commands.move(latent, value);
      store.commit();
    },
    /** Goes to a cell of the grid. @param {number} latent @param {number} value */
    goTo(latent, value) {
      if (isLocked(latent)) return refuse(latent);
      commands.move(latent, value);
      store.commit();
    },
    resetLatent: (/** @type {number} */ latent) => commands.goTo(latent, 0),
    reset() {
      jump(at(model.start), { example: null, own: null });
      messages.say(said(model.continuous?.prior ? "Back at the origin, the prior's mean." : "Back at the start."));
    },
    /** Draws every control that has a prior; the others stay. */
    sample() {
      const { temperature } = store.get();
      const drawn = model.controls.flatMap((control) => {
        const value = control.space.sample?.(control, Math.random, temperature) ?? null;
        return value === null ? [] : [[control.name, value]];
      });
      if (!drawn.length) return messages.tell(said("This model has no prior to sample from."));
      jump(at(Object.fromEntries(drawn)), { example: null, own: null });
      const degrees = spell(temperature, 1);
      messages.say(
        temperature === 1
          ? said("Sampled from the prior.")
          : said("Sampled from the prior at temperature {degrees}.", { degrees }),
      );
    },
    /** @param {number} temperature */
    setTemperature(temperature) {
      store.set({ temperature: clamp(temperature, TEMPERATURES.least, TEMPERATURES.most) });
    },
    /** @param {number} example begins where the encoder puts a test image */
    async choose(example) {
      const asked = store.get();
      const known = codesOf(example);
      if (!known) return;
      // At once where it is known: what is on screen does not change first by the marked image and then by its codes.
      const codes = known instanceof Promise ? await known.catch(fail) : known;
      const now = store.get();
      if (!codes || now.example !== asked.example || now.own !== asked.own) return;
      jump(at(codes), { example, own: null });
      const name = nameOf(example);
      const number = `#${example}${name ? `, ${name}` : ""}`;
      const what = said(model.shape ? "Test image {number}" : "Test word {number}", { number });
      messages.say(said(ENCODED, { what }));
    },
    /** Begins where the encoder puts a person's own image. @param {import("../store.js").Source} own */
    own(own) {
      jump(at(own.codes), { own, example: null });
      messages.say(said(ENCODED, { what: isolated(own.title) }));
    },
    /** One step of a drawing: what `own` does, linked on `settle`. @param {import("../store.js").Source} own */
    moveOwn(own, time = performance.now()) {
      player.stop();
      back(time);
      store.set({ codes: at(own.codes), own, example: null }, time);
    },
    /**
     * Lays noise on the image that is encoded, and goes where the encoder then puts it; linked on `settle`.
     *
     * @param {import("../engine/corruption.js").Noise} noise
     */
    async setNoise(noise, time = performance.now()) {
      player.stop();
      back(time);
      const { example, own } = store.get();
      store.set({ noise }, time);
      /** @type {{codes: Codes} | null} */
      let found = null;
      if (own?.pixels && model.encoder) found = await model.encoder.encode(own.pixels, store.get().codes).catch(fail);
      else if (example !== null) {
        const codes = await Promise.resolve(codesOf(example)).catch(fail);
        found = codes && { codes };
      }
      const now = store.get();
      if (!found || now.noise !== noise || now.example !== example || now.own !== own) return;
      store.set({ codes: at(found.codes), example, own: own && { ...own, ...found } }, time);
    },
    forget: () => jump(store.get().codes, { example: null, own: null }),
    resample() {
      const from = source();
      if (!from)
        return messages.tell(
          model.shape
            ? "Choose a test image or your own image first: a code is drawn from its posterior."
            : "Type a word first: a code is drawn from its posterior.",
        );
      const { mean, logVariance } = from;
      if (!mean || !logVariance) return messages.tell("This model has no posterior: its encoder gives one point.");
      jump(atZ(zNow().map((_, i) => mean[i] + Math.exp(logVariance[i] / 2) * standardNormal())));
      onDraw(zNow());
      messages.say(said("Drawn from the posterior of {title}.", { title: isolated(from.title) }));
    },
    /** @param {"a" | "b" | "c"} name @param {number[] | null} z */
    pin(name, z) {
      if (store.get().playing === "path") player.stop();
      change({ pins: { ...store.get().pins, [name]: z?.map(rounded) ?? null } });
    },
    /** @param {"a" | "b" | "c"} name pins what is on screen, also where that is only looked at */
    pinHere(name) {
      if (!model.continuous) return messages.tell("This model has no latents to pin.");
      commands.pin(name, zNow());
      messages.tell(`Pinned as ${name.toUpperCase()}.`, BRIEFLY_MS);
    },
    /** @param {"a" | "b" | "c"} name */
    goToPin(name) {
      const [z, letter] = [store.get().pins[name], name.toUpperCase()];
      if (!z) return messages.tell(`Nothing is pinned as ${letter} yet: press ${letter} to pin what you see.`);
      jump(atZ(z), { example: null, own: null });
      messages.say(`At ${letter}.`);
    },
    /** Walks back and forth between A and B. @param {import("../latents/player.js").Course} course */
    playPath(course) {
      back(performance.now());
      player.toggle("path", course);
    },
    /** @param {boolean} slerp */
    setSlerp: (slerp) => change({ slerp }),
    /** @param {import("../model/writing.js").Way} writing how letters are chosen */
    setWriting: (writing) => change({ writing }),
    /** Letters are drawn anew. */
    drawAgain: () => change({ seed: (store.get().seed + 1) % SEEDS }),
    /** @param {string} axes */
    setAxes: (axes) => change({ axes }),
    /** @param {string} colour */
    setColour: (colour) => change({ colour }),
    /** @param {{name: string, vector: number[]}[]} directions */
    setDirections: (directions) => change({ directions }),
    undo() {
      player.stop();
      back(performance.now());
      messages.say(said(store.undo() ? "Undone." : "Nothing to undo."));
    },
    redo() {
      player.stop();
      back(performance.now());
      messages.say(said(store.redo() ? "Redone." : "Nothing to redo."));
    },
    /** @param {number} latent */
    toggleLock(latent) {
      const { locked, playing } = store.get();
      if (playing === latent) player.stop();
      change({
        locked: isLocked(latent) ? locked.filter((other) => other !== latent) : [...locked, latent],
      });
      messages.say(said(isLocked(latent) ? "{name} locked." : "{name} unlocked.", { name: latentName(latent) }));
    },
    /** @param {number} latent */
    togglePlay(latent) {
      if (isLocked(latent)) return refuse(latent);
      back(performance.now());
      player.toggle(latent);
    },
    toggleFold: () => change({ unfolded: !store.get().unfolded }),
  };
  return commands;
}
