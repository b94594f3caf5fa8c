import { latentName, spell } from "../dom.js";
import { said } from "../spoken.js";
import { searchOf } from "./plane.js";
import { namesOf } from "./tip.js";

export const ONE_LATENT = "One latent is a line, not a plane: its row of traversals below shows all of it.";

/** Of a model none of whose latents the data move. @param {boolean} hasImages */
export function collapsed(hasImages) {
  const [thing, makes] = hasImages ? ["image", "draws"] : ["word", "writes"];
  return (
    `This map shows noise. No latent is active: the encoder gives every ${thing} almost the same posterior, so where a ` +
    `point lies says nothing about its ${thing}, and the decoder ${makes} nearly the same ${thing} everywhere.`
  );
}

export const RINGS =
  "Where codes are likely to be: the wide rings mark one and two (dashed) standard deviations of the prior, N(0, I); the " +
  "coloured ellipses those of the posterior q(z|x) of the chosen image.";

export const DOTS = "A dot is one code drawn from the posterior q(z|x) of the chosen image, placed here as z is.";

/**
 * What to do for a map. Only of what `python -m training train` made do we know which images to encode again.
 *
 * @param {import("../checkpoint/checkpoint.js").Entry} entry
 * @param {import("../checkpoint/checkpoint.js").ImagesCard} card
 */
export const noMap = (entry, card) =>
  card.training?.configuration
    ? `This checkpoint has no map yet: run \`python -m training embed ${entry.path ?? "FOLDER"}\`.`
    : "This checkpoint was made without a map: import or save it again, from 40 or more images and without `--no-map`.";

/**
 * What the map shows, for those who do not see it.
 *
 * @param {import("./plane.js").Plane} plane
 * @param {number[]} z
 * @param {import("../checkpoint/checkpoint.js").ImagesCard} card
 * @param {import("../checkpoint/embedding.js").Embedding} embedding
 * @returns {string}
 */
export function describeMap(plane, z, card, embedding) {
  const codes = searchOf(embedding, card);
  const nearest = codes.nearest(z);
  const [x, y] = plane.place(z, nearest);
  const [image] = nearest.indices;
  const searched = spell(codes.searched, 0);
  const part = codes.searched < embedding.count ? said("{count} of them", { count: searched }) : said("them");
  const { split } = card.examples;
  const drawn = said(embedding.words ? "{axes} of {count} {split} words" : "{axes} of {count} {split} images", {
    axes: spellAxes(plane.axes),
    count: spell(embedding.count, 0),
    split: said(split),
  });
  const placed = said("z is placed among {part}. z lies at {x}, {y}", { part, x: spell(x), y: spell(y) });
  const name = said(embedding.words ? "word {number}" : "image {number}", { number: image });
  const near = said("the nearest is {name}, {distance} away", {
    name: [name, ...namesOf(image, card, embedding)].join(", "),
    distance: spell(nearest.distances[0]),
  });
  return `${drawn}; ${placed}; ${near}.`;
}

/** @param {string} axes */
function spellAxes(axes) {
  if (axes === "umap" || axes === "pca") return axes.toUpperCase();
  return axes
    .split(",")
    .map((name) => latentName(Number(name.slice(1))))
    .join(" × ");
}
