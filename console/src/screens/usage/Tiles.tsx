import type { ComponentChildren } from "preact";
import { Money } from "../../ui/Money";
import { type Totals, tokensOf } from "./totals";

/** Numbers that are read at a glance. Their places are held until they are there. */
export function Tiles({ totals, children }: { totals: Totals | null; children?: ComponentChildren }) {
  return (
    <dl class="tiles">
      <Tile name="Calls">{totals?.calls.toLocaleString()}</Tile>
      <Tile name="Errors" hint={totals && totals.calls > 0 ? share(totals.errors, totals.calls) : null}>{totals?.errors.toLocaleString()}</Tile>
      <Tile name="Tokens" hint={totals && totals.estimated_calls > 0 ? `${totals.estimated_calls.toLocaleString()} calls estimated` : null}>
        {totals && tokensOf(totals).toLocaleString()}
      </Tile>
      <Tile name="Cost" hint={totals && totals.unpriced_calls > 0 ? `${totals.unpriced_calls.toLocaleString()} calls have no price` : null}>
        {totals && <Money usd={totals.cost_usd} />}
      </Tile>
      <Tile name="Billed">{totals && <Money usd={totals.billed_usd} />}</Tile>
      {children}
    </dl>
  );
}

export function Tile({ name, hint, children }: { name: string; hint?: string | null; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children ?? <span class="bone" />} {hint && <span class="hint">{hint}</span>}</dd>
    </div>
  );
}

export const share = (part: number, whole: number) => (part / whole).toLocaleString(undefined, { style: "percent", maximumFractionDigits: 1 });
