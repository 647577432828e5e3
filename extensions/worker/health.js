// How extensions do in this isolate: three failures in a row are told to D1, and so is that one works again.

/** In a row. */
export const TELLING = 3;

/** Further ones are told of, too, but not each. */
const AGAIN = 100;

const MOST = 1000;
const known = new Map();

function of({ id, version }) {
  const key = `${id}.${version}`;
  let state = known.get(key);
  if (state === undefined) {
    if (known.size >= MOST) known.clear();
    // Another isolate may have told that it fails and be gone: the first success here says that it does not.
    state = { failures: 0, since: 0, unsaid: true };
    known.set(key, state);
  }
  return state;
}

/** @returns what is to be told, or null */
export function failed(extension, { code, words }) {
  const state = of(extension);
  if (state.failures === 0) state.since = Date.now();
  state.failures += 1;
  if (state.failures !== TELLING && (state.failures < TELLING || state.failures % AGAIN !== 0)) return null;
  state.unsaid = true;
  return { id: extension.id, since: state.since, failures: state.failures, code, message: words.slice(0, 500) };
}

/** @returns what is to be told, or null */
export function succeeded(extension) {
  const state = of(extension);
  state.failures = 0;
  if (!state.unsaid) return null;
  state.unsaid = false;
  return { id: extension.id, failures: 0 };
}
