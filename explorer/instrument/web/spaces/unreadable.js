/** Why a text is not a value: a part of a sentence, such as “its label “11” is not one of this model's labels”. */
export class Unreadable extends Error {
  /** @param {string} reason */
  constructor(reason) {
    super(reason);
    this.name = "Unreadable";
  }
}
