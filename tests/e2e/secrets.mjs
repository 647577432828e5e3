// Every plaintext credential a test uses is registered here; at the end of a file, everything that anybody could have read is
// searched for all of them, in the spellings in which they could have slipped through.

export class Secrets {
  #values = new Map();
  #seen = [];

  /**
   * Remembers `value` as a credential and returns it. `shown` names a place where it may rightly appear: a minted token is in one
   * response (`responses`), nothing else ever is.
   */
  register(value, { shown = [] } = {}) {
    if (typeof value !== 'string' || value.length < 8) throw new Error('a credential under test must be long enough to search for');
    this.#values.set(value, shown);
    return value;
  }

  /** Keeps what a client received, to be searched later. */
  saw(text) {
    this.#seen.push(Buffer.from(text));
  }

  /** Sentences naming each place in which a credential appears. Empty is the only good answer. */
  leaks(deployment) {
    const places = [
      { kind: 'responses', name: 'a response to a client', bytes: Buffer.concat(this.#seen) },
      { kind: 'output', name: "wrangler's output", bytes: Buffer.from(deployment.output) },
      ...deployment.files().map(({ name, bytes }) => ({ kind: 'files', name: `the file ${name}`, bytes })),
    ];
    const found = [];
    for (const [value, shown] of this.#values) {
      for (const { kind, name, bytes } of places) {
        if (shown.includes(kind)) continue;
        const spelling = spellings(value).find((needle) => bytes.includes(needle));
        if (spelling !== undefined) found.push(`${value.slice(0, 12)}… is in ${name}${spelling === value ? '' : ' (encoded)'}`);
      }
    }
    return found;
  }
}

function spellings(value) {
  const bytes = Buffer.from(value);
  // In base64 the text around a value shifts it: the middle of each of the three alignments is what stays the same.
  const base64 = [0, 1, 2].map((shift) => Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64').replaceAll('=', '').slice(4, -4)).filter((text) => text.length >= 12);
  return [...new Set([value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), bytes.toString('hex'), ...base64])];
}
