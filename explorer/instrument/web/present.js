/**
 * A value that is there by the program's own logic, where its type cannot say so.
 *
 * @template T
 * @param {T} value
 * @returns {NonNullable<T>}
 */
export function present(value) {
  if (value === null || value === undefined) throw new TypeError("A value that must be there is missing.");
  return value;
}
