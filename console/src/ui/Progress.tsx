/** How far long work is; without `of`, that it goes on. */
export function Progress({ label, done, of }: { label: string; done?: number; of?: number }) {
  return (
    <div class="progress">
      <span>{label}</span>
      <progress aria-label={label} value={of === undefined ? undefined : done} max={of} />
    </div>
  );
}
