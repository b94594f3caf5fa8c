// A page that opens from disk has no server to ask: it holds its files itself, under the addresses at which a server has
// them.

/** @type {Map<string, Blob>} */
const held = new Map();

/** @type {Map<string, string>} the address under which a browser finds a file that is held */
const addresses = new Map();

/** Where the page says that its files are: no machine has this name (RFC 6761). */
const HELD = "https://held.invalid/";

/** @param {string} name from the root of what a server would send @param {Blob} file */
export function hold(name, file) {
  held.set(new URL(name, HELD).href, file);
}

/** @returns {boolean} whether the page holds its files itself */
export const isHeld = () => held.size > 0;

/** @param {string} query @returns {string} a link to another view of this page: browsers let one from disk change no more than its hash */
export const linkTo = (query) => `${isHeld() ? "#" : "?"}${query}`;

/**
 * @param {string} name
 * @param {string} base
 * @returns {string} where a browser finds a file, for what it fetches by itself: modules, workers, style sheets, pictures
 */
export function addressOf(name, base) {
  const url = new URL(name, base).href;
  const file = held.get(url);
  if (!file) return url;
  const address = addresses.get(url) ?? URL.createObjectURL(file);
  addresses.set(url, address);
  return address;
}

/** @param {string} name of a worker's script @param {string} assets @returns {Worker} from disk a classic one */
export const startWorker = (name, assets) =>
  new Worker(addressOf(name, assets), { type: isHeld() ? "classic" : "module" });

/**
 * @param {string | URL} url
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
export async function fetchFile(url, options) {
  const file = held.get(String(url));
  if (file) return new Response(file);
  if (isHeld()) return new Response(null, { status: 404 });
  return fetch(url, options);
}

/**
 * @template M
 * @param {string} name of a vendored module
 * @param {() => Promise<M>} otherwise imports it by its place
 * @returns {Promise<M>}
 */
export function importVendored(name, otherwise) {
  return isHeld() ? import(addressOf(`instrument/vendor/${name}`, HELD)) : otherwise();
}
