import { el, spell } from "../dom.js";

/** Of a picture of 30 frames a second: what a busy machine makes of a small model is not said to be slow. */
const FRAME_MS = 1000 / 30;
/** Decodes that are looked at: one that is late by chance says nothing. */
const LOOKED_AT = 5;

/** @param {number[]} times in milliseconds @returns {number} */
export const median = (times) => [...times].sort((a, b) => a - b)[times.length >> 1];

/** @param {number} ms @returns {string} */
export const spellPace = (ms) => (ms < 1000 ? `${Math.round(ms)} ms an image` : `${spell(ms / 1000, 1)} s an image`);

/** Times decodes, and says how long one takes where that is more than a frame: the picture then comes after the hand. */
export function createPace() {
  /** @type {number[]} */
  const times = [];
  const element = el("p", { class: "picture-pace", hidden: true });
  return {
    element,
    /** @returns {boolean} whether an image takes more than a frame */
    isSlow: () => !element.hidden,
    /** @template T @param {() => Promise<T>} decode @returns {Promise<T>} */
    async of(decode) {
      const began = performance.now();
      const found = await decode();
      times.push(performance.now() - began);
      if (times.length > LOOKED_AT) times.shift();
      const usual = median(times);
      const isSlow = times.length >= LOOKED_AT && usual > FRAME_MS;
      if (isSlow === element.hidden) element.hidden = !isSlow;
      if (isSlow) element.textContent = `${spellPace(usual)}: decoded when you rest`;
      return found;
    },
  };
}
