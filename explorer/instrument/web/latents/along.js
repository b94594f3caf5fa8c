/** What the filmstrip of a direction shows, and how far its track goes. */
export const ALONG = [-4, -3, -2, -1, 0, 1, 2, 3, 4];

/** @param {ArrayLike<number>} z @param {ArrayLike<number>} vector @returns {number} how far z lies along a direction */
export function project(z, vector) {
  let sum = 0;
  for (let latent = 0; latent < vector.length; latent++) sum += z[latent] * vector[latent];
  return sum;
}

/**
 * @param {ArrayLike<number>} z
 * @param {number[]} vector
 * @param {number} by
 * @returns {number[]} z moved along a direction
 */
export const along = (z, vector, by) => vector.map((value, latent) => z[latent] + by * value);
