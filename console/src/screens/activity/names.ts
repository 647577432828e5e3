// The names behind the ids that logs hold, as far as the signed-in may list them. What was deleted keeps its id.
import { api, ask } from "../../api/client";
import type { ApiError } from "../../api/errors";
import { useResource } from "../../api/hooks";
import type { Page, Schemas } from "../../api/types";
import { mayOnSome } from "../../session/may";
import type { Option } from "../../ui/Select";

export type Kind = "provider" | "model" | "user" | "token" | "secret";

export interface Names {
  of: (id: string | null) => string | null;
  /** Those of a kind, to choose from; empty where they may not be listed. */
  options: (kind: Kind) => Option[];
  providers: Schemas["Provider"][];
  /** Whether they have been read, or cannot be. */
  ready: boolean;
  error: ApiError | null;
}

const MOST_PAGES = 10;

async function all<Row>(page: (cursor: string | undefined) => Promise<{ data?: Page<Row>; error?: unknown; response: Response }>): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  for (let read = 0; read < MOST_PAGES; read += 1) {
    const { data } = await ask(page(cursor));
    rows.push(...data.data);
    if (data.next_cursor === null) break;
    cursor = data.next_cursor;
  }
  return rows;
}

interface Row {
  kind: Kind;
  id: string;
  name: string;
}

/** `kinds`: what the screen has a use for. Models come with their providers. */
export function useNames(kinds: readonly Kind[]): Names {
  const read = async (signal: AbortSignal) => {
    const query = (cursor: string | undefined) => ({ params: { query: { cursor, limit: 200 } }, signal });
    const wanted = (kind: Kind) => kinds.includes(kind);
    const [providers, users, tokens, secrets] = await Promise.all([
      wanted("provider") && mayOnSome("aiProviders:ListAiProviders") ? all((cursor) => api.GET("/api/v1/providers", query(cursor))) : [],
      wanted("user") && mayOnSome("users:ListUsers") ? all((cursor) => api.GET("/api/v1/users", query(cursor))) : [],
      wanted("token") && mayOnSome("tokens:ListTokens") ? all((cursor) => api.GET("/api/v1/tokens", query(cursor))) : [],
      wanted("secret") && mayOnSome("secrets:ListSecrets") ? all((cursor) => api.GET("/api/v1/secrets", query(cursor))) : [],
    ]);
    const named = (kind: Kind) => ({ id, name }: { id: string; name: string }): Row => ({ kind, id, name });
    const rows: Row[] = [
      ...providers.map(named("provider")),
      ...providers.flatMap(({ models }) => models.map(({ id, model }): Row => ({ kind: "model", id, name: model }))),
      ...users.map(named("user")), ...tokens.map(named("token")), ...secrets.map(named("secret")),
    ];
    return { data: { rows, providers }, response: new Response() };
  };
  const { data, loading, error } = useResource(read);
  const rows = data?.rows ?? [];
  return {
    of: (id) => (id === "root" ? "ADMIN_TOKEN" : rows.find((row) => row.id === id)?.name ?? null),
    options: (kind) => rows.filter((row) => row.kind === kind).map(({ id, name }) => ({ value: id, label: name })),
    providers: data?.providers ?? [],
    ready: !loading,
    error,
  };
}
