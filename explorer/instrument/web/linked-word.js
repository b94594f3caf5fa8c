/**
 * A link holds a word, and what the encoder makes of it comes back with it: the posterior, and z where the link does not
 * say where z is.
 *
 * @param {import("./model/model.js").Model} model
 * @param {Partial<import("./store.js").State>} linked what the link says
 * @returns {Promise<Partial<import("./store.js").State>>} the same, with the word as the source
 */
export async function withLinkedWord(model, linked) {
  const { codes, example } = linked;
  if (!codes || example !== undefined || !model.words.some(({ name }) => codes[name]?.length)) return linked;
  try {
    const own = await sourceOfWords(model, { ...model.start, ...codes });
    return { ...linked, codes: { ...own.codes, ...codes }, own };
  } catch (error) {
    // What the link says is shown all the same; only a word that is typed is refused in a sentence.
    console.error(error);
    return linked;
  }
}

/**
 * What the encoder makes of a word.
 *
 * @param {import("./model/model.js").Model} model that reads words
 * @param {import("./model/model.js").Codes} codes of all controls, the word's too
 * @returns {Promise<import("./store.js").Source>}
 */
export async function sourceOfWords(model, codes) {
  const { encoder, words } = model;
  if (!encoder || !words.length) throw new Error(`${model.entry.id} reads no words`);
  const posterior = await encoder.encode(null, codes);
  const read = Object.fromEntries(words.map(({ name }) => [name, codes[name]]));
  const title = words.map((word) => word.space.write(codes[word.name], word)).join(" ");
  return { title, pixels: null, ...posterior, codes: { ...posterior.codes, ...read } };
}
