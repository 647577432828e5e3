/** US dollars: short to read, with every digit on hover. The API counts whole nano-dollars; null is unknown. */
export function Money({ usd }: { usd: number | null }) {
  if (usd === null) return <span class="muted">unknown</span>;
  return <span title={`$${exactUsd(usd)}`}>{shortUsd(usd)}</span>;
}

/** Every digit that there is, nine at most. */
export function exactUsd(usd: number): string {
  const text = usd.toFixed(9);
  return text.replace(/(\.\d\d\d*?)0+$/, "$1");
}

/** Cents where there are any; else the two digits that begin it. */
export function shortUsd(usd: number): string {
  if (usd === 0 || Math.abs(usd) >= 0.995) return usd.toLocaleString(undefined, { style: "currency", currency: "USD" });
  const digits = Math.min(9, Math.max(2, 1 - Math.floor(Math.log10(Math.abs(usd)))));
  return usd.toLocaleString(undefined, { style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: digits });
}
