// JSON whose numbers stay as they are spelled: ids and seeds that JavaScript's numbers cannot hold go through unrounded.

const kept =
  JSON.rawJSON === undefined
    ? undefined
    : (_key, value, context) => {
        const { source } = context ?? {};
        return typeof value === "number" && source !== undefined && String(value) !== source ? JSON.rawJSON(source) : value;
      };

/** Where nothing like this stands, no number can be spelled in another way: most bodies are read at full speed. */
const DIGITS_TO_KEEP = /\d{16}|\d[.eE]|-0/;

/** @param {string} text @returns what `JSON.stringify` spells as it was; numbers that it would not are no numbers here */
export const parseKept = (text) => (DIGITS_TO_KEEP.test(text) ? JSON.parse(text, kept) : JSON.parse(text));
