import assert from "node:assert/strict";

/**
 * Asserts that numbers, or arrays of them, agree to within `absolute` or to within `relative` of what is expected.
 *
 * @param {ArrayLike<number> | number} found
 * @param {ArrayLike<number> | number} expected
 * @param {{absolute?: number, relative?: number}} tolerance
 */
export function assertNear(found, expected, { absolute = 0, relative = 0 }) {
  const [ours, theirs] = [found, expected].map((value) => (typeof value === "number" ? [value] : Array.from(value)));
  assert.equal(ours.length, theirs.length);
  theirs.forEach((value, at) => {
    const off = Math.abs(ours[at] - value);
    // Written so that NaN fails.
    assert.ok(off <= Math.max(absolute, relative * Math.abs(value)), `${ours[at]} is not near ${value} (at ${at})`);
  });
}
