import { isolated, latentName, spell } from "./dom.js";
import { standardNormal } from "./engine/gaussian.js";
import { REACH } from "./engine/rows.js";
import { LARGEST_Z, TEMPERATURES } from "./link.js";
import { BRIEFLY_MS } from "./messages.js";
import { rounded } from "./store.js";

/** @typedef {ReturnType<typeof createCommands>} Commands */

/** Of what was typed, in characters: enough to know it again. */
const LONGEST_ECHO = 40;

/**
 * Everything a person can do to z, whichever of pointer, keyboard or button asks for it.
 *
 * @param {{store: import("./store.js").Store, player: import("./latents/player.js").Player,
 *   embedding(): import("./checkpoint/embedding.js").Embedding | null, source(): import("./store.js").Source | null,
 *   messages: {say(sentence: string): void, tell(sentence: string, ms?: number): void}}} options
 */
export function createCommands({ store, player, embedding, source, messages }) {
  const held = (/** @type {number} */ value) => Math.min(LARGEST_Z, Math.max(-LARGEST_Z, value));
  const isLocked = (/** @type {number} */ latent) => store.get().locked.includes(latent);

  /** Where z was before it was only looked away from. @type {number[] | null} */
  let before = null;

  /** @param {number} time */
  function back(time) {
    if (before) store.set({ z: before }, time);
    before = null;
  }

  /** Sets every latent that is not locked. @param {ArrayLike<number>} z @param {Partial<import("./store.js").State>} change */
  function place(z, change, time = performance.now()) {
    const now = before ?? store.get().z;
    store.set({ ...change, z: now.map((value, latent) => (isLocked(latent) ? value : held(z[latent]))) }, time);
  }

  /** The same, and ends the move. @param {ArrayLike<number>} z @param {Partial<import("./store.js").State>} [change] */
  function jump(z, change = {}) {
    player.stop();
    place(z, change);
    before = null;
    store.commit();
  }

  /** Changes what is not z. @param {Partial<import("./store.js").State>} what */
  function change(what) {
    back(performance.now());
    store.set(what);
    store.commit();
  }

  /** @param {number} latent */
  function refuse(latent) {
    messages.tell(`${latentName(latent)} is locked: unlock it to move it.`);
  }

  const commands = {
    /** Shows what lies at another z for as long as the pointer is there: `endPreview` goes back. @param {ArrayLike<number>} z */
    preview(z, time = performance.now()) {
      player.stop();
      const from = (before ??= store.get().z);
      place(z, {}, time);
      before = from;
    },
    endPreview: () => back(performance.now()),
    /** One step of a drag that moves the whole of z; ends with `settle`. @param {ArrayLike<number>} z */
    moveTo(z, time = performance.now()) {
      player.stop();
      back(time);
      place(z, {}, time);
    },
    /** Goes to a code. */
    go: jump,
    /** One step of a drag: drawn at once, told to nobody until `settle`. @param {number} latent @param {number} value */
    move(latent, value, time = performance.now()) {
      back(time);
      if (isLocked(latent)) return refuse(latent);
      const { playing } = store.get();
      if (playing === latent || playing === "path") player.stop();
      const z = [...store.get().z];
      z[latent] = held(value);
      store.set({ z }, time);
    },
    /** @param {number} latent @param {number} by @param {number} time */
    nudge(latent, by, time) {
      back(time);
      const z = store.get().z[latent];
      // Typed, linked and sampled values lie beyond the track too, and are not to be pulled back onto it.
      const reach = Math.max(REACH, Math.abs(z));
      commands.move(latent, Math.min(reach, Math.max(-reach, z + by)), time);
    },
    settle() {
      back(performance.now());
      store.commit();
    },
    /** What was typed: a comma is a point, a value too far out is brought in, and nonsense changes nothing. @param {number} latent @param {string} text */
    enter(latent, text) {
      const tidy = text.trim().replace(",", ".").replace("−", "-");
      const value = tidy === "" ? NaN : Number(tidy);
      if (!Number.isFinite(value))
        return messages.tell(
          `“${text.trim().slice(0, LONGEST_ECHO)}” is not a number; ${latentName(latent)} is unchanged. Try 1.25 or −0,4.`,
        );
      if (Math.abs(value) > LARGEST_Z)
        messages.tell(`${latentName(latent)} is limited to ±${LARGEST_Z}: the prior has almost no mass beyond that.`);
      back(performance.now());
      if (rounded(held(value)) === store.get().z[latent]) return;
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
      jump(
        store.get().z.map(() => 0),
        { example: null, own: null },
      );
      messages.say("Back at the origin, the prior's mean.");
    },
    sample() {
      const { temperature, z } = store.get();
      jump(
        z.map(() => temperature * standardNormal()),
        { example: null, own: null },
      );
      messages.say(`Sampled from the prior${temperature === 1 ? "" : ` at temperature ${spell(temperature, 1)}`}.`);
    },
    /** @param {number} temperature */
    setTemperature(temperature) {
      store.set({ temperature: Math.min(TEMPERATURES.most, Math.max(TEMPERATURES.least, temperature)) });
    },
    /** @param {number} example begins at the posterior mean of a test image */
    choose(example) {
      const codes = embedding();
      if (!codes) return;
      const latents = store.get().z.length;
      jump(codes.mean.subarray(example * latents, (example + 1) * latents), { example, own: null });
      const label = codes.labels[example];
      messages.say(`Test image ${example}${label ? `, ${label}` : ""}: z is its posterior mean.`);
    },
    /** Begins at the posterior mean of a person's own image. @param {import("./store.js").Source} own */
    own(own) {
      jump(own.mean, { own, example: null });
      messages.say(`${isolated(own.title)}: z is its posterior mean.`);
    },
    /** One step of a drawing: what `own` does, told to nobody until `settle`. @param {import("./store.js").Source} own */
    moveOwn(own, time = performance.now()) {
      player.stop();
      back(time);
      place(own.mean, { own, example: null }, time);
    },
    forget: () => change({ example: null, own: null }),
    resample() {
      const from = source();
      if (!from)
        return messages.tell("Choose a test image or your own image first: samples are drawn from its posterior.");
      const { z } = store.get();
      jump(z.map((_, i) => from.mean[i] + Math.exp(from.logVariance[i] / 2) * standardNormal()));
      messages.say(`Sampled from the posterior of ${isolated(from.title)}.`);
    },
    /** @param {"a" | "b" | "c"} name @param {number[] | null} z */
    pin(name, z) {
      if (store.get().playing === "path") player.stop();
      change({ pins: { ...store.get().pins, [name]: z?.map(rounded) ?? null } });
    },
    /** @param {"a" | "b" | "c"} name pins what is on screen, also where that is only looked at */
    pinHere(name) {
      commands.pin(name, store.get().z);
      messages.tell(`Pinned as ${name.toUpperCase()}.`, BRIEFLY_MS);
    },
    /** @param {"a" | "b" | "c"} name */
    goToPin(name) {
      const [z, letter] = [store.get().pins[name], name.toUpperCase()];
      if (!z) return messages.tell(`Nothing is pinned as ${letter} yet: press ${letter} to pin what you see.`);
      jump(z, { example: null, own: null });
      messages.say(`At ${letter}.`);
    },
    /** Walks back and forth between A and B. @param {import("./latents/player.js").Course} course */
    playPath(course) {
      back(performance.now());
      player.toggle("path", course);
    },
    /** @param {boolean} slerp */
    setSlerp: (slerp) => change({ slerp }),
    /** @param {string} axes */
    setAxes: (axes) => change({ axes }),
    /** @param {string} colour */
    setColour: (colour) => change({ colour }),
    /** @param {{name: string, vector: number[]}[]} directions */
    setDirections: (directions) => change({ directions }),
    undo() {
      player.stop();
      back(performance.now());
      messages.say(store.undo() ? "Undone." : "Nothing to undo.");
    },
    redo() {
      player.stop();
      back(performance.now());
      messages.say(store.redo() ? "Redone." : "Nothing to redo.");
    },
    /** @param {number} latent */
    toggleLock(latent) {
      const { locked, playing } = store.get();
      if (playing === latent) player.stop();
      change({
        locked: isLocked(latent) ? locked.filter((other) => other !== latent) : [...locked, latent],
      });
      messages.say(`${latentName(latent)} ${isLocked(latent) ? "locked" : "unlocked"}.`);
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
