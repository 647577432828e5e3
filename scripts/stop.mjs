/** A problem with one line that says what to do about it; anything else that is thrown is a bug and keeps its stack. */
export class Stop extends Error {}
