import { latentName, spell } from "./dom.js";
import { standardNormal } from "./gaussian.js";
import { LARGEST_Z, TEMPERATURES } from "./link.js";
import { REACH } from "./rows.js";
import { rounded } from "./store.js";

/** @typedef {ReturnType<typeof createCommands>} Commands */

/** Of what was typed, in characters: enough to know it again. */
const LONGEST_ECHO = 40;

/**
 * Everything a person can do to z, whichever of pointer, keyboard or button asks for it.
 *
 * @param {{store: import("./store.js").Store, player: import("./player.js").Player,
 *   examples(): import("./checkpoint.js").Examples | null, messages: {say(sentence: string): void, tell(sentence: string): void}}} options
 */
export function createCommands({ store, player, examples, messages }) {
  const held = (value) => Math.min(LARGEST_Z, Math.max(-LARGEST_Z, value));
  const isLocked = (latent) => store.get().locked.includes(latent);

  /** Sets every latent that is not locked, and ends the move. */
  function jump(z, change = {}) {
    player.stop();
    const now = store.get();
    store.set({ ...change, z: now.z.map((value, latent) => (isLocked(latent) ? value : held(z[latent]))) });
    store.commit();
  }

  function refuse(latent) {
    messages.tell(`${latentName(latent)} is locked: unlock it to move it.`);
  }

  const commands = {
    /** One step of a drag: drawn at once, told to nobody until `settle`. */
    move(latent, value, time = performance.now()) {
      if (isLocked(latent)) return refuse(latent);
      if (store.get().playing === latent) player.stop();
      const z = [...store.get().z];
      z[latent] = held(value);
      store.set({ z }, time);
    },
    nudge(latent, by, time) {
      const z = store.get().z[latent];
      // Typed, linked and sampled values lie beyond the track too, and are not to be pulled back onto it.
      const reach = Math.max(REACH, Math.abs(z));
      commands.move(latent, Math.min(reach, Math.max(-reach, z + by)), time);
    },
    settle: () => store.commit(),
    /** What was typed: a comma is a point, a value too far out is brought in, and nonsense changes nothing. */
    enter(latent, text) {
      const tidy = text.trim().replace(",", ".").replace("−", "-");
      const value = tidy === "" ? NaN : Number(tidy);
      if (!Number.isFinite(value))
        return messages.tell(
          `“${text.trim().slice(0, LONGEST_ECHO)}” is no number, so ${latentName(latent)} stays: type one like 1.25 or −0,4.`,
        );
      if (Math.abs(value) > LARGEST_Z)
        messages.tell(
          `${latentName(latent)} goes as far as ±${LARGEST_Z}: beyond it the prior has next to nothing.`,
        );
      if (rounded(held(value)) === store.get().z[latent]) return;
      commands.move(latent, value);
      store.commit();
    },
    /** Goes to a cell of the grid. */
    goTo(latent, value) {
      if (isLocked(latent)) return refuse(latent);
      commands.move(latent, value);
      store.commit();
    },
    resetLatent: (latent) => commands.goTo(latent, 0),
    reset() {
      jump(
        store.get().z.map(() => 0),
        { example: null },
      );
      messages.say("Back at the origin, the prior's mean.");
    },
    sample() {
      const { temperature, z } = store.get();
      jump(
        z.map(() => temperature * standardNormal()),
        { example: null },
      );
      messages.say(
        `Sampled from the prior${temperature === 1 ? "" : ` at temperature ${spell(temperature, 1)}`}.`,
      );
    },
    /** @param {number} temperature */
    setTemperature(temperature) {
      store.set({ temperature: Math.min(TEMPERATURES.most, Math.max(TEMPERATURES.least, temperature)) });
    },
    /** @param {number} example begins at the posterior mean of a test image */
    choose(example) {
      const codes = examples();
      if (!codes) return;
      const latents = store.get().z.length;
      jump(codes.mean.subarray(example * latents, (example + 1) * latents), { example });
      const label = codes.labels[example];
      messages.say(`Test image ${example}${label ? `, ${label}` : ""}: z is its posterior mean.`);
    },
    forget() {
      store.set({ example: null });
      store.commit();
    },
    resample() {
      const codes = examples();
      const { example, z } = store.get();
      if (!codes || example === null)
        return messages.tell("Pick a test image first: its posterior is what is sampled.");
      const from = example * z.length;
      jump(
        z.map(
          (_, latent) =>
            codes.mean[from + latent] + Math.exp(codes.logVariance[from + latent] / 2) * standardNormal(),
        ),
      );
      messages.say(`Sampled from the posterior of test image ${example}.`);
    },
    undo() {
      player.stop();
      messages.say(store.undo() ? "Undone." : "Nothing to undo.");
    },
    redo() {
      player.stop();
      messages.say(store.redo() ? "Done again." : "Nothing to redo.");
    },
    toggleLock(latent) {
      const { locked, playing } = store.get();
      if (playing === latent) player.stop();
      store.set({
        locked: isLocked(latent) ? locked.filter((other) => other !== latent) : [...locked, latent],
      });
      store.commit();
      messages.say(`${latentName(latent)} ${isLocked(latent) ? "locked" : "unlocked"}.`);
    },
    togglePlay(latent) {
      if (isLocked(latent)) return refuse(latent);
      player.toggle(latent);
    },
    toggleFold() {
      store.set({ unfolded: !store.get().unfolded });
      store.commit();
    },
  };
  return commands;
}
