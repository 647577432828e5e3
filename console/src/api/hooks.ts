// How screens read and write.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { useSession } from "../session/session";
import { ask, type Answer } from "./client";
import { type ApiError, fromThrown, isAborted } from "./errors";
import type { Page } from "./types";

type Call<T> = Promise<{ data?: T; error?: unknown; response: Response }>;

export interface Resource<T> {
  /** What was read last; stays while it is read anew. */
  data: T | null;
  /** Its version, for `If-Match`. */
  etag: string | null;
  error: ApiError | null;
  loading: boolean;
  reload: () => void;
  /** Shows what a write has answered, without reading again. */
  show: (data: T, etag?: string | null) => void;
}

/** Reads one thing, and again whenever `key` or the chosen project changes. */
export function useResource<T>(read: (signal: AbortSignal) => Call<T>, key = ""): Resource<T> {
  const { project } = useSession();
  const [state, set] = useState<Omit<Resource<T>, "reload" | "show">>({ data: null, etag: null, error: null, loading: true });
  const [turn, again] = useState(0);
  const about = `${project}\n${key}`;
  const shown = useRef(about);

  useEffect(() => {
    const abort = new AbortController();
    const isOther = shown.current !== about;
    shown.current = about;
    set((before) => (isOther ? { data: null, etag: null, error: null, loading: true } : { ...before, loading: true }));
    ask(read(abort.signal)).then(
      ({ data, etag }) => abort.signal.aborted || set({ data, etag, error: null, loading: false }),
      (thrown) => abort.signal.aborted || isAborted(thrown) || set((before) => ({ ...before, error: fromThrown(thrown), loading: false })),
    );
    return () => abort.abort();
  }, [about, turn]);

  return {
    ...state,
    reload: useCallback(() => again((count) => count + 1), []),
    show: useCallback((data, etag = null) => set({ data, etag, error: null, loading: false }), []),
  };
}

export interface List<Row> {
  /** The rows so far; null until the first page is there. */
  rows: Row[] | null;
  error: ApiError | null;
  loading: boolean;
  /** Reads the next page; undefined where there is none. */
  more: (() => void) | undefined;
  reload: () => void;
  /** Changes what is shown, without reading again: after a write that says what came of it. */
  change: (by: (rows: Row[]) => Row[]) => void;
}

/** Reads a list, a page at a time, and from the beginning whenever `key` or the chosen project changes. */
export function useList<Row>(read: (cursor: string | undefined, signal: AbortSignal) => Call<Page<Row>>, key = ""): List<Row> {
  const { project } = useSession();
  const [state, set] = useState<{ rows: Row[] | null; next: string | null; error: ApiError | null; loading: boolean }>({
    rows: null, next: null, error: null, loading: true,
  });
  const [turn, again] = useState(0);
  const abort = useRef<AbortController | null>(null);
  const about = `${project}\n${key}`;
  const shown = useRef(about);

  const page = (cursor: string | undefined) => {
    abort.current?.abort();
    const { signal } = (abort.current = new AbortController());
    set((before) => ({ ...before, loading: true }));
    ask(read(cursor, signal)).then(
      ({ data }) => {
        if (signal.aborted) return;
        set((before) => ({
          rows: cursor === undefined ? data.data : [...(before.rows ?? []), ...data.data],
          next: data.next_cursor, error: null, loading: false,
        }));
      },
      (thrown) => signal.aborted || isAborted(thrown) || set((before) => ({ ...before, error: fromThrown(thrown), loading: false })),
    );
  };

  useEffect(() => {
    if (shown.current !== about) set({ rows: null, next: null, error: null, loading: true });
    shown.current = about;
    page(undefined);
    return () => abort.current?.abort();
  }, [about, turn]);

  const { rows, next, error, loading } = state;
  return {
    rows, error, loading,
    more: next === null || loading ? undefined : () => page(next),
    reload: useCallback(() => again((count) => count + 1), []),
    change: useCallback((by) => set((before) => ({ ...before, rows: by(before.rows ?? []) })), []),
  };
}

export interface Mutation<Input, T> {
  /** Resolves with the answer; with null where it failed, and then `error` says why. */
  run: (input: Input) => Promise<Answer<T> | null>;
  pending: boolean;
  error: ApiError | null;
  reset: () => void;
}

/** Writes. One at a time: a second call while the first is under way does nothing. */
export function useMutation<Input, T>(write: (input: Input) => Call<T>): Mutation<Input, T> {
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const busy = useRef(false);
  return {
    pending,
    error,
    reset: () => setError(null),
    async run(input) {
      if (busy.current) return null;
      busy.current = true;
      setPending(true);
      setError(null);
      try {
        return await ask(write(input));
      } catch (thrown) {
        setError(fromThrown(thrown));
        return null;
      } finally {
        busy.current = false;
        setPending(false);
      }
    },
  };
}
