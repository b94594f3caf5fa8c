/** @param {string} name @returns {string} as it is said before it: an 8, an ankle boot, a 9 */
export const article = (name) => (/^(8|1[18]$|[aeiou])/i.test(name) ? "an" : "a");
