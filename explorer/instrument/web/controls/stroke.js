/**
 * The cells on the way from one to another, both included: a fast pointer leaves none out.
 *
 * @param {number} from
 * @param {number} to
 * @param {number} width cells a row
 * @returns {number[]}
 */
export function cellsBetween(from, to, width) {
  const [x, y] = [from % width, Math.floor(from / width)];
  const [across, down] = [(to % width) - x, Math.floor(to / width) - y];
  const steps = Math.max(Math.abs(across), Math.abs(down));
  if (steps === 0) return [to];
  return Array.from(
    { length: steps + 1 },
    (_, step) => Math.round(y + (down * step) / steps) * width + Math.round(x + (across * step) / steps),
  );
}
