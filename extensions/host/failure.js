// What went wrong with an extension, as `<code>: words`: the text is all that survives the way between two isolates.

/** The codes a failure can carry; EXTENSIONS.md says what each of them means to an operator. */
export const CODES = [
  "trap",
  "out_of_fuel",
  "out_of_memory",
  "invalid_answer",
  "too_large",
  "refused_config",
  "unsupported",
];

/** A failure of the extension, never of the call it was to look at. */
export class Failure extends Error {
  /**
   * @param {string} code one of `CODES`
   * @param {string} words for the operator, without the code
   */
  constructor(code, words) {
    // Under a name of its own it would come out of another isolate with that name before the code.
    super(`${code}: ${words}`);
    this.code = code;
  }
}
