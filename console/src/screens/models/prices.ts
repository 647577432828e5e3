// Prices as people read them, for a million tokens; the API counts them for a thousand, with at most 12 decimals.

/** What is typed, as the API takes it. Empty is unknown; what is no number goes to the API as it is, to be refused in its words. */
export function perThousand(text: string): number | null {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  const value = Number(trimmed);
  return Number.isFinite(value) ? Number((value / 1000).toFixed(12)) : (trimmed as unknown as number);
}

export const perMillion = (cost: number | null) => (cost === null ? "" : String(Number((cost * 1000).toPrecision(12))));
