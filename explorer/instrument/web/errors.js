/** An error whose message is the sentence a person reads: what went wrong, and what to do. */
export class InstrumentError extends Error {
  /** @param {string} sentence @param {unknown} [cause] */
  constructor(sentence, cause) {
    super(sentence, { cause });
    this.name = "InstrumentError";
  }
}

/**
 * @param {unknown} error
 * @param {string} otherwise the sentence for an error that was not foreseen
 * @returns {string}
 */
export function sentenceFor(error, otherwise) {
  return error instanceof InstrumentError ? error.message : otherwise;
}
