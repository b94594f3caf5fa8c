import { createExamples } from "./examples.js";

/**
 * Where an image comes from: for now the test images.
 *
 * @param {import("./bench.js").Bench} bench
 * @returns {import("./bench.js").Part}
 */
export const createBring = createExamples;
