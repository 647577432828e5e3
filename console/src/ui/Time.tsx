const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const AGO = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]];

/** A moment in the reader's zone; UTC on hover. `ago` says how long ago it was, within a week. */
export function Time({ at, ago = false, exact = false }: { at: string | null; ago?: boolean; exact?: boolean }) {
  if (at === null) return <span class="muted">never</span>;
  const date = new Date(at);
  const relative = ago ? since(date.getTime() - Date.now()) : null;
  return (
    <time dateTime={at} title={`${at.replace("T", " ").replace("Z", "")} UTC`} class="nowrap">
      {relative ?? (exact ? EXACT : DAY).format(date)}
    </time>
  );
}

function since(ms: number): string | null {
  if (Math.abs(ms) > 7 * 86_400_000) return null;
  const unit = UNITS.find(([, length]) => Math.abs(ms) >= length);
  return unit ? AGO.format(Math.round(ms / unit[1]), unit[0]) : "just now";
}
