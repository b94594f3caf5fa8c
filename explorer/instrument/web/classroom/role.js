/**
 * What this tab is to a class: it leads, or it follows. The address says it once; then the tab remembers it, from page to
 * page, and the teacher's key stands in no address that a projector shows.
 *
 * @typedef {{code: string, key: string | null, voter: string, free?: boolean, at?: string, revealed?: string | null}} Role
 *   `key`: of the teacher alone; `free`: it has let go; `at`: where the class took it last, beside the instrument; `revealed`:
 *   the lesson whose answer the teacher has shown
 */

const KEPT = "latent-space-explorer.class";
const FOLLOW = "follow";
const LEAD = "lead";

/** @param {string} typed @returns {string} the code as the server knows it, whatever of spaces and capitals was typed */
export const tidy = (typed) => typed.toLowerCase().replace(/[^a-z0-9]/g, "");

/** @param {string} code @returns {string} in two halves, to be read from a board */
export const spelled = (code) => `${code.slice(0, code.length / 2)}-${code.slice(code.length / 2)}`;

/** @param {string} page @param {string} code @returns {string} the link that followers open */
export function followLink(page, code) {
  const url = new URL(page);
  url.search = `?${FOLLOW}=${code}`;
  url.hash = "";
  return url.href;
}

/** @param {string} page @param {import("./api.js").Leading} leading @returns {string} the teacher's own: what follows # is sent to no server */
export function leadLink(page, { code, key }) {
  const url = new URL(page);
  url.search = "";
  url.hash = `${LEAD}=${code}.${key}`;
  return url.href;
}

/**
 * @param {Pick<Location, "search" | "hash">} address
 * @returns {Pick<Role, "code" | "key"> | null} what it asks for
 */
export function roleIn({ search, hash }) {
  const lead = new RegExp(`^#${LEAD}=([a-z0-9]+)\\.([\\w-]+)$`).exec(hash);
  if (lead) return { code: lead[1], key: lead[2] };
  const code = tidy(new URLSearchParams(search).get(FOLLOW) ?? "");
  return code ? { code, key: null } : null;
}

/**
 * @returns {{role: Role | null, isAsked: boolean}} of this tab: what its address asks for, which is taken out of it, or what it
 *   was before
 */
export function recall() {
  const asked = roleIn(location);
  const before = kept();
  if (!asked) return { role: before, isAsked: false };
  const query = new URLSearchParams(location.search);
  query.delete(FOLLOW);
  const rest = query.toString().replace(/%(2C|3A|3B)/g, decodeURIComponent);
  history.replaceState(history.state, "", rest ? `?${rest}` : location.pathname);
  // A teacher who follows the link of their own class still leads it.
  const role = keep(asked.code === before?.code ? { ...before, key: asked.key ?? before.key } : asked);
  return { role, isAsked: true };
}

/** @param {Pick<Role, "code" | "key"> & {voter?: string}} role @returns {Role} remembered */
export const keep = ({ code, key, voter = crypto.randomUUID?.() ?? String(Math.random()) }) =>
  store({ code, key, voter });

/** @param {Partial<Pick<Role, "free" | "at" | "revealed">>} [change] remembered, where there is a role @returns {Partial<Role>} */
export function noted(change = {}) {
  const role = kept();
  return role && Object.keys(change).length ? store({ ...role, ...change }) : (role ?? {});
}

/** @param {Role} role */
function store(role) {
  now = role;
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(role));
  } catch {}
  return role;
}

export function forget() {
  now = null;
  try {
    sessionStorage.removeItem(KEPT);
  } catch {}
}

/** Where a browser keeps nothing, for as long as the page stands. @type {Role | null} */
let now = null;

/** @returns {Role | null} */
function kept() {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    return typeof found?.code === "string" ? found : now;
  } catch {
    return now;
  }
}
