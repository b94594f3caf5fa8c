/**
 * The length of a draw from N(0, I) in `dimensions` dimensions: the chi distribution.
 *
 * @param {number} length
 * @param {number} dimensions
 * @returns {number} the share of draws that are no longer than `length`: the regularised lower incomplete gamma function
 *   P(dimensions / 2, length² / 2)
 */
function chiCdf(length, dimensions) {
  const a = dimensions / 2;
  const x = (length * length) / 2;
  if (!(x > 0)) return 0;
  const front = Math.exp(a * Math.log(x) - x - logGammaOfHalf(dimensions));
  return x < a + 1 ? front * series(a, x) : 1 - front * fraction(a, x);
}

/**
 * @param {number} share
 * @param {number} dimensions
 * @returns {number} the length that `share` of the draws do not exceed
 */
export function chiQuantile(share, dimensions) {
  let low = 0;
  let high = Math.sqrt(dimensions) + 8;
  for (let halving = 0; halving < 50; halving++) {
    const middle = (low + high) / 2;
    if (chiCdf(middle, dimensions) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** ln Γ(n / 2) from Γ(1/2) = √π, Γ(1) = 1 and Γ(a + 1) = a Γ(a). @param {number} n */
function logGammaOfHalf(n) {
  let log = n % 2 ? Math.log(Math.PI) / 2 : 0;
  for (let a = n % 2 ? 0.5 : 1; a < n / 2; a++) log += Math.log(a);
  return log;
}

/** Σ xⁿ / (a (a + 1) … (a + n)), which converges fast below the bulk. @param {number} a @param {number} x */
function series(a, x) {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < 2000 && term > sum * 1e-14; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

/** Γ(a, x) / (xᵃ e⁻ˣ) as Legendre's continued fraction, evaluated forwards. @param {number} a @param {number} x */
function fraction(a, x) {
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let value = d;
  for (let n = 1; n < 2000; n++) {
    const step = n * (a - n);
    b += 2;
    d = 1 / (step * d + b || tiny);
    c = b + step / c || tiny;
    const change = c * d;
    value *= change;
    if (Math.abs(change - 1) < 1e-14) break;
  }
  return value;
}
