/**
 * How models that are shown side by side go along with one another.
 *
 * @typedef {import("../model/model.js").Control} Control
 * @typedef {import("../store.js").State} State
 */

/** How many models are decoded at once, at most, while a slider moves. */
export const MOST = 4;

/** @param {Control} control @returns {string} what a value of it means, whatever the control is called */
function meaning({ name: _name, space: _space, ...described }) {
  // A card that was written before there were levels does not say that there are none.
  if (described.kind === "continuous") return JSON.stringify({ ...described, levels: described.levels ?? null });
  return JSON.stringify(described);
}

/**
 * The controls of two models that are of one space: the same kind, size, labels and prior. One of the same name comes first.
 *
 * @param {Control[]} from
 * @param {Control[]} to
 * @returns {{from: string, to: string}[]} by name; each at most once
 */
export function agreeing(from, to) {
  const left = new Set(from);
  return to.flatMap((control) => {
    const alike = [...left].filter((other) => meaning(other) === meaning(control));
    const found = alike.find(({ name }) => name === control.name) ?? alike[0];
    if (!found) return [];
    left.delete(found);
    return [{ from: found.name, to: control.name }];
  });
}

/**
 * The images of two checkpoints are the same ones, so that the number of an example means the same image.
 *
 * @param {import("../checkpoint/contract.js").Card} a
 * @param {import("../checkpoint/contract.js").Card} b
 * @returns {boolean}
 */
export const sharesExamples = (a, b) =>
  a.examples !== null &&
  b.examples !== null &&
  a.data.sha256 !== null &&
  a.data.sha256 === b.data.sha256 &&
  a.examples.split === b.examples.split &&
  JSON.stringify(sizeOf(a.output)) === JSON.stringify(sizeOf(b.output));

/** @param {import("../checkpoint/contract.js").Card["output"]} output */
const sizeOf = (output) => (output.kind === "pixels" ? output.shape : [output.longest, output.alphabet]);

/** @param {import("../model/model.js").Model} model @param {number} example @returns {boolean} */
export const hasExample = ({ card }, example) => card.examples !== null && example < card.examples.count;

/**
 * An image is encoded by each model for itself, all under the same noise. A place without one, such as a draw from the prior, is the same place for
 * all whose spaces agree; and so is where a slider goes, while they move together.
 *
 * @param {import("../model/model.js").Model[]} models
 * @param {{isTogether(): boolean, onImage(from: number): void}} options `onImage`: that model has begun from an image, which
 *   the others are to encode
 * @returns {(from: number, change: Partial<State>, states: State[]) => [number, Partial<State>][]} for `createCursor`
 */
export function createFollow(models, { isTogether, onImage }) {
  const pairs = models.map((a) => models.map((b) => agreeing(a.controls, b.controls)));
  return (from, change, states) => {
    const now = states[from];
    const isPlaced = "example" in change || "own" in change;
    const hasImage = now.example !== null || now.own !== null;
    if (isPlaced && hasImage) onImage(from);
    const isFollowed = change.codes && (isPlaced ? !hasImage : isTogether());
    return models.flatMap((model, at) => {
      if (at === from) return [];
      /** @type {Partial<State>} */
      const also = {};
      if (isPlaced) {
        const { example } = now;
        const isKnown = example !== null && sharesExamples(models[from].card, model.card) && hasExample(model, example);
        Object.assign(also, { example: isKnown ? example : null, own: null });
      }
      if (change.noise) also.noise = change.noise;
      if (isTogether()) {
        const { writing, seed } = change;
        Object.assign(also, writing !== undefined && { writing }, seed !== undefined && { seed });
      }
      if (isFollowed && pairs[from][at].length) {
        const taken = pairs[from][at].map(({ from, to }) => [to, now.codes[from]]);
        also.codes = { ...states[at].codes, ...Object.fromEntries(taken) };
      }
      return Object.keys(also).length ? [[at, also]] : [];
    });
  };
}
