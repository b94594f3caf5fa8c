/**
 * Numbers that look random and are the same in every run (mulberry32, by Tommy Ettinger).
 *
 * @param {number} seed
 */
export function seeded(seed) {
  let state = seed;
  const uniform = (low = 0, high = 1) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return low + (high - low) * (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32);
  };
  /** One draw from N(0, 1), by Box and Muller's method. */
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}
