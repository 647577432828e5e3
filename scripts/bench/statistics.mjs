// The arithmetic of rounds: a ratio is made of two numbers of one round, and only ratios are compared between rounds.

/** The middle one, or the mean of the middle two; null of nothing. */
export function median(values) {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** `{ median, least, most, rounds }`; null of nothing. */
export function spread(values) {
  const known = values.filter((value) => Number.isFinite(value));
  if (known.length === 0) return null;
  return { median: median(known), least: Math.min(...known), most: Math.max(...known), rounds: known.length };
}

/** `of` of each of the gateway's measurements, divided by the baseline's of the same round. */
export function ratios(measurements, gateway, baseline, of) {
  return pairs(measurements, gateway, baseline).map(([one, base]) => {
    const [above, below] = [of(one), of(base)];
    return Number.isFinite(above) && below > 0 ? above / below : NaN;
  });
}

/** The same with differences. */
export const differences = (measurements, gateway, baseline, of) =>
  pairs(measurements, gateway, baseline).map(([one, base]) => of(one) - of(base));

function pairs(measurements, gateway, baseline) {
  const in_ = (name) => new Map(measurements.filter((one) => one.gateway === name).map((one) => [one.round, one]));
  const bases = in_(baseline);
  return [...in_(gateway)].filter(([round]) => bases.has(round)).map(([round, one]) => [one, bases.get(round)]);
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function random(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The list in another order, every order being as likely (Fisher and Yates). */
export function shuffled(list, next) {
  const order = [...list];
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(next() * (at + 1));
    [order[at], order[other]] = [order[other], order[at]];
  }
  return order;
}
