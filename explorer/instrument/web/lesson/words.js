/**
 * What the player of the lessons says, in one language: the table that `explorer/lessons/words.toml` is in English.
 *
 * @typedef {{name: string, decimal: string, thousands: string, cards: Record<string, string>, player: Record<string, string>,
 *   instrument: Record<string, string>}} Table `instrument`: what stands beside a lesson, by what it is in English
 * @typedef {ReturnType<typeof createWords>} Words
 */

/** @param {string} language its code, as a page says it @param {Table} table */
export function createWords(language, { name, decimal, thousands, cards, player }) {
  return {
    language,
    /** Of the language, in itself. */
    name,
    /** @param {string} card */
    card: (card) => cards[card],
    /**
     * @param {string} key
     * @param {Record<string, string | number>} [values] what stands in place of the names in braces
     */
    say: (key, values = {}) => player[key].replace(/\{(\w+)\}/g, (_, named) => String(values[named])),
    /** @param {number} value @param {number} decimals @returns {string} with a mark between thousands, and a minus sign */
    number(value, decimals) {
      const [whole, rest] = (Math.abs(value) < 0.5 * 10 ** -decimals ? 0 : value).toFixed(decimals).split(".");
      const grouped = whole.replace("-", "−").replace(/\B(?=(\d{3})+$)/g, thousands);
      return rest ? `${grouped}${decimal}${rest}` : grouped;
    },
  };
}

/**
 * @param {import("./lessons.js").Lessons} listed
 * @param {string | null} asked for by a link
 * @returns {string} a language that there is
 */
export const knownLanguage = ({ words }, asked) => (asked !== null && Object.hasOwn(words, asked) ? asked : "en");

/**
 * @param {import("./lessons.js").Lesson} lesson
 * @param {string} language
 * @returns {import("./lessons.js").Lesson} in that language, where it has been translated
 */
export const inLanguage = (lesson, language) => lesson.translations[language] ?? lesson;
