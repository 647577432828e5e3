import { useEffect, useRef, useState } from "preact/hooks";
import { api, ask } from "../../api/client";
import { type ApiError, fromThrown, isAborted } from "../../api/errors";
import type { List } from "../../api/hooks";
import type { Request } from "./words";

const EVERY_MS = 2000;

type Read = (cursor: string | undefined, signal: AbortSignal) => ReturnType<typeof api.GET<"/api/v1/requests", { params: { query: object } }>>;

/** While it is on, new calls come to the list's top by themselves. A page that nobody looks at does not ask. */
export function useFollow(list: List<Request>, read: Read, key: string) {
  const [on, set] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const latest = useRef(list);
  latest.current = list;

  useEffect(() => {
    setError(null);
    if (!on) return;
    const abort = new AbortController();
    const { signal } = abort;
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      try {
        // What is being read already needs no second reading.
        if (!document.hidden && !latest.current.loading) {
          const { data } = await ask(read(undefined, signal));
          if (!signal.aborted) merge(latest.current, data.data);
          setError(null);
        }
      } catch (thrown) {
        if (!isAborted(thrown)) setError(fromThrown(thrown));
      }
      if (!signal.aborted) timer = setTimeout(look, EVERY_MS);
    };
    timer = setTimeout(look, 0);
    return () => (abort.abort(), clearTimeout(timer));
  }, [on, key]);

  return { on, set, error };
}

/** Puts the newest page over the rows that are shown. If more have come than a page holds, the list begins anew. */
function merge({ rows, change, reload }: List<Request>, newest: readonly Request[]) {
  const known = new Set(rows?.map(({ request_id }) => request_id));
  const fresh = newest.filter(({ request_id }) => !known.has(request_id));
  if (fresh.length === 0) return;
  if (fresh.length === newest.length && newest.length >= 50) return reload();
  // A call that began earlier may end, and be logged, later.
  const order = (row: Request) => `${row.created_at} ${row.request_id}`;
  change((shown) => [...fresh, ...shown].sort((one, other) => (order(one) < order(other) ? 1 : -1)));
}
