import { methodsOf, rungsOf, runsOf, seedsOf } from "./table.js";

const FRACTIONS = { 0.125: "⅛", 0.25: "¼", 0.5: "½", 0.75: "¾" };

/** @param {number} beta @returns {string} */
export const spellBeta = (beta) => FRACTIONS[beta] ?? String(beta);

/** @param {import("./table.js").Row} row @returns {string} what a row is called in a sentence */
export const called = ({ beta, title }) => (beta === null || beta === undefined ? title : `β = ${spellBeta(beta)}`);

/** @param {number} count of images @returns {string} three digits at most: 488, 31.2 k, 2 M */
export function spellCount(count) {
  for (const [size, letter] of /** @type {[number, string][]} */ ([
    [1e6, "M"],
    [1e3, "k"],
  ])) {
    if (count < size) continue;
    const value = count / size;
    return `${Number(value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0))} ${letter}`;
  }
  return String(count);
}

/** @param {string[]} names @returns {string} */
export function listed(names) {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}

/**
 * @param {import("./table.js").Table} table
 * @returns {string | null} one sentence about what was planned and not trained here, and the command that makes it
 */
export function missingWords(table) {
  const rows = [...rungsOf(table), ...methodsOf(table)];
  const whole = rows.filter(({ recipe }) => runsOf(table, recipe).length === 0);
  /** @type {Map<string, import("./table.js").Row[]>} rows by the seeds that they lack */
  const parts = new Map();
  for (const row of rows) {
    if (whole.includes(row)) continue;
    const made = runsOf(table, row.recipe).map(({ seed }) => seed);
    const lacking = seedsOf(table, row.recipe).filter((seed) => !made.includes(seed));
    if (lacking.length) parts.set(lacking.join(), [...(parts.get(lacking.join()) ?? []), row]);
  }
  if (!whole.length && !parts.size) return null;
  const betas = whole.filter(({ beta }) => typeof beta === "number").map(({ beta }) => spellBeta(beta));
  const others = methodsOf(table).filter((row) => whole.includes(row));
  const names = [...(betas.length ? [`β = ${listed(betas)}`] : []), ...others.map(({ title }) => title)];
  for (const [seeds, lacking] of parts) {
    const many = seeds.includes(",");
    const of = lacking.length + whole.length === rows.length ? "the others" : listed(lacking.map(called));
    names.push(`seed${many ? "s" : ""} ${listed(seeds.split(","))} of ${of}`);
  }
  return `Not trained here: ${names.join("; ")}. To train them: \`${table.command}\``;
}
