/** @param {number} value @param {number} least @param {number} most @returns {number} the nearest from `least` to `most` */
export const clamp = (value, least, most) => Math.min(most, Math.max(least, value));
