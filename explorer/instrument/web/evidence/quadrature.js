/**
 * @typedef {{mean: number[], std: number[]}} Q a Gaussian of the plane with independent latents
 * @typedef {(z: Float64Array) => Promise<Float64Array>} Joint ln p(x, z) at points, two numbers each
 */

const LN_2PI = Math.log(2 * Math.PI);

/**
 * Gauss–Hermite nodes and weights that integrate polynomials to degree 19 over N(0, 1): the roots of He₁₀ by Newton's
 * method, each from a change of sign on a fine line.
 *
 * @type {[number, number][]}
 */
const NODES = hermite(10);

/**
 * The ELBO of a Gaussian q, E_q[ln p(x, z)] + its entropy, with what a Newton step needs of f = ln p(x, z): by Stein's
 * identities, E[∂f/∂zᵢ] = E[f εᵢ]/σᵢ and E[∂²f/∂zᵢ∂zⱼ] = E[f (εᵢεⱼ − δᵢⱼ)]/(σᵢσⱼ) with ε = (z − μ)/σ.
 *
 * @param {Joint} joint
 * @param {Q} q
 * @returns {Promise<{elbo: number, slope: number[], curvature: [number, number, number]}>} curvature: ∂₁₁, ∂₁₂, ∂₂₂
 */
export async function elboOf(joint, { mean, std }) {
  const nodes = NODES.flatMap(([a, weightA]) =>
    NODES.map(([b, weightB]) => /** @type {[number, number, number]} */ ([a, b, weightA * weightB])),
  );
  const z = Float64Array.from(nodes.flatMap(([a, b]) => [mean[0] + std[0] * a, mean[1] + std[1] * b]));
  const values = await joint(z);
  let [expected, s0, s1, c00, c01, c11] = [0, 0, 0, 0, 0, 0];
  nodes.forEach(([, , weight], at) => {
    expected += weight * values[at];
  });
  nodes.forEach(([a, b, weight], at) => {
    // Less the mean, which changes no slope: f is hundreds of nats, and its differences are few.
    const f = weight * (values[at] - expected);
    s0 += f * a;
    s1 += f * b;
    c00 += f * (a * a - 1);
    c01 += f * a * b;
    c11 += f * (b * b - 1);
  });
  return {
    elbo: expected + 1 + LN_2PI + Math.log(std[0]) + Math.log(std[1]),
    slope: [s0 / std[0], s1 / std[1]],
    curvature: [c00 / std[0] ** 2, c01 / (std[0] * std[1]), c11 / std[1] ** 2],
  };
}

/** @param {number} count @returns {[number, number][]} */
function hermite(count) {
  /** @param {number} x @returns {[number, number]} Heₙ(x) and Heₙ₋₁(x) */
  const at = (x) => {
    let [before, now] = [1, x];
    for (let n = 1; n < count; n++) [before, now] = [now, x * now - n * before];
    return [now, before];
  };
  const factorial = Array.from({ length: count - 1 }, (_, n) => n + 1).reduce((product, n) => product * n, 1);
  /** @type {[number, number][]} */
  const found = [];
  // Between neighbours on a fine line, a sign that changes holds a root.
  const step = 0.01;
  for (let x = -2 * Math.sqrt(count); x < 2 * Math.sqrt(count); x += step) {
    if (at(x)[0] * at(x + step)[0] > 0) continue;
    let root = x + step / 2;
    for (let turn = 0; turn < 20; turn++) {
      const [value, before] = at(root);
      root -= value / (count * before);
    }
    found.push([root, factorial / (count * at(root)[1] ** 2)]);
  }
  return found;
}
