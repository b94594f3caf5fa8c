/**
 * What this browser keeps from one visit to the next. A browser that keeps nothing (a private window, a policy) is as one
 * that comes for the first time.
 *
 * @param {string} key
 * @returns {{get(): string, set(value: string): void}}
 */
export function remembered(key) {
  const name = `latent-space-explorer.${key}`;
  let now = "";
  try {
    now = localStorage.getItem(name) ?? "";
  } catch {}
  return {
    get: () => now,
    set(value) {
      now = value;
      try {
        localStorage.setItem(name, value);
      } catch {}
    },
  };
}
