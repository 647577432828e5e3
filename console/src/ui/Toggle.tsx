/** Something that is on or off, and changes at once. While `pending` it shows where it is going. */
export function Toggle({ label, on, onChange, pending = false, showLabel = true }: {
  label: string; on: boolean; onChange: (on: boolean) => void; pending?: boolean; showLabel?: boolean;
}) {
  return (
    <button type="button" role="switch" class="toggle" aria-checked={on} aria-disabled={pending || undefined} aria-label={showLabel ? undefined : label}
      onClick={() => pending || onChange(!on)}>
      <i />
      {showLabel && <span>{label}</span>}
    </button>
  );
}
