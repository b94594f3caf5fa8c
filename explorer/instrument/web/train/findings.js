import { isolated, spell } from "../dom.js";
import { namesOf } from "../uploads/images.js";

/** @param {number} count @param {string} one @returns {string} */
export const counted = (count, one) => `${spell(count, 0)} ${one}${count === 1 ? "" : "s"}`;

/**
 * What was found in a person's images, a sentence each.
 *
 * @param {import("./api.js").Facts} facts
 * @returns {string[]}
 */
export function findings(facts) {
  const { labels, smallest, largest, side, broken } = facts;
  const kind = facts.binary ? "black and white" : facts.channels === 3 ? "in colour" : "in grey";
  const sizes = [...new Set([smallest, largest].map((size) => size.join("×")))].join(" to ");
  const classes = labels.map(([name, count]) => `${name} ${spell(count, 0)}`);
  const said = [
    `${counted(facts.images, "image")} of ${sizes} pixels, seen as ${side}×${side} ${kind}: ${spell(facts.train, 0)} to ` +
      `learn from, ${spell(facts.validation, 0)} to follow, ${spell(facts.test, 0)} to test on.`,
  ];
  if (labels.length) said.push(`${labels.length} classes, by folder: ${namesOf(classes)}.`);
  if (facts.transparent) said.push(`${spell(facts.transparent, 0)} with transparency, put on white.`);
  if (facts.duplicates) said.push(`${counted(facts.duplicates, "duplicate")}, in the same part as the original.`);
  for (const [name, reason] of Object.entries(broken)) said.push(`Skipped: ${isolated(name)} ${reason}.`);
  if (facts.more_broken) said.push(`Skipped: ${spell(facts.more_broken, 0)} more files.`);
  if (facts.others.length)
    said.push(`Left out, as they are not PNG, JPEG or WebP: ${namesOf(facts.others, facts.more_others)}.`);
  return said;
}
