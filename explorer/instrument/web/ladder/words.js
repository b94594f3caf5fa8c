import { marked } from "../spoken.js";

/** @type {Record<number, string>} */
const FRACTIONS = { 0.125: "⅛", 0.25: "¼", 0.5: "½", 0.75: "¾" };

/** @param {number} beta @returns {string} */
export const spellBeta = (beta) => FRACTIONS[beta] ?? marked(String(beta));

/** @param {import("./table.js").Row} row @returns {string} what a row is called in a sentence */
export const called = ({ beta, title }) => (typeof beta === "number" ? `β\u00a0=\u00a0${spellBeta(beta)}` : title);

/** @param {import("./table.js").Row} row @returns {string} so short that many fit below a plot: ½, 16, Fac, TC, TC s */
export function abbreviated({ beta, title }) {
  if (typeof beta === "number") return spellBeta(beta);
  const [name, more] = title.replace(/^β-/, "").split(", ");
  return `${name.replace(/VAE$/, "").slice(0, 3)}${more ? ` ${more[0]}` : ""}`;
}

/** @param {number} count of images @returns {string} three digits at most: 488, 31.2 k, 2 M */
export function spellCount(count) {
  for (const [size, letter] of /** @type {[number, string][]} */ ([
    [1e6, "M"],
    [1e3, "k"],
  ])) {
    if (count < size) continue;
    const value = count / size;
    return `${marked(String(Number(value.toPrecision(3))))} ${letter}`;
  }
  return String(count);
}

/** @param {string[]} names @returns {string} */
export function listed(names) {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}
