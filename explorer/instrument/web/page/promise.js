import { said } from "../spoken.js";

/**
 * The line that says in a breath what the model does and what to touch: what a latent is, before the word is met.
 *
 * @param {import("../checkpoint/checkpoint.js").Card} card
 * @returns {string}
 */
export function promiseOf({ controls, output, graphs }) {
  const count = controls.reduce((sum, control) => sum + (control.kind === "continuous" ? control.size : 0), 0);
  if (count) {
    const sentence = !graphs.encode
      ? "An image is drawn from {count} numbers, its latents. Move one, see what it means."
      : output.kind === "pixels"
        ? "Each image becomes {count} numbers, its latents. Move one, see what it means."
        : "Each word becomes {count} numbers, its latents. Move one, see what it means.";
    const one = sentence.replace("{count} numbers, its latents. Move one", "one number, its latent. Move it");
    return said(count === 1 ? one : sentence, { count });
  }
  const grid = controls.find((control) => control.kind === "code_grid");
  if (grid?.kind !== "code_grid")
    return said("It guesses each letter from those before it. Press one, see what else could have stood there.");
  const { height, width, codes } = grid;
  return said("Each image becomes {count} codes out of {codes}. Paint a cell, see what it means.", {
    count: height * width,
    codes,
  });
}
