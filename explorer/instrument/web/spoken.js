// What stands beside a lesson is said in its language. The sources say it in English, which is the key to the table of
// another language; what the table lacks stays English.

/** @type {Map<string, string>} */
let table = new Map();
let language = "en";

/** What stands in it for the marks of an English figure. @type {Record<string, string | undefined>} */
let marks = {};

/** Attributes that a person reads or hears. */
export const READ = ["title", "aria-label", "placeholder"];

/**
 * @param {string} text in English
 * @param {Record<string, string | number>} [values] what stands in place of the names in braces
 * @returns {string} in the language of the lesson
 */
export function said(text, values) {
  const own = table.get(text) ?? text;
  return values ? own.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole)) : own;
}

/** @param {string} figure in English @returns {string} with the marks of the lesson's language */
export const marked = (figure) => figure.replace(/[.,]/g, (mark) => marks[mark] ?? mark);

/**
 * @param {string} text
 * @returns {string | null} the language of the lesson, where it has the text
 */
export const languageOf = (text) => (table.has(text) ? language : null);

/**
 * What is made from now on is said in this language, and what stands there already is said anew.
 *
 * @param {string} code of the language @param {Record<string, string>} words by what they are in English
 * @param {HTMLElement} root of what stands there
 */
export function speak(code, words, root) {
  if (code === language) return;
  const before = new Map([...table].map(([english, own]) => [own, english]));
  table = new Map(Object.entries(words));
  language = code;
  const parts = new Intl.NumberFormat(code).formatToParts(10000.5);
  const markOf = (/** @type {string} */ kind) => parts.find(({ type }) => type === kind)?.value;
  marks = { ".": markOf("decimal"), ",": markOf("group") };
  // Of a text that is the same in both, nobody can tell which it is.
  const anew = (/** @type {string} */ text) => said(before.get(text) ?? text);
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
    node instanceof Element && node.matches(".lesson") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node instanceof Text) {
      const after = anew(node.data);
      if (after === node.data) continue;
      node.data = after;
      mark(/** @type {HTMLElement} */ (node.parentElement), table.size > 0);
    } else if (node instanceof HTMLElement) {
      for (const name of READ) {
        const text = node.getAttribute(name);
        if (text !== null && anew(text) !== text) node.setAttribute(name, anew(text));
      }
    }
  }
}

/** Says in which language it is, for a screen reader. @param {HTMLElement} element @param {boolean} isTranslated */
function mark(element, isTranslated) {
  if (isTranslated) element.lang = language;
  else element.removeAttribute("lang");
}
