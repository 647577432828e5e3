// The one way to the API: typed by openapi.json, with the session's token and, for root, the chosen project.
import createClient, { type Middleware } from "openapi-fetch";
import { session } from "../session/session";
import { ApiError, fromAnswer, fromThrown, isAborted } from "./errors";
import { SCOPED } from "./generated/facts";
import type { paths } from "./generated/schema";

const withSession: Middleware = {
  onRequest({ request, schemaPath }) {
    const { token, project } = session.credentials();
    if (token && !request.headers.has("authorization")) request.headers.set("authorization", `Bearer ${token}`);
    const url = new URL(request.url);
    if (!project || !SCOPED.has(`${request.method} ${schemaPath}`) || url.searchParams.has("project_id")) return request;
    url.searchParams.set("project_id", project);
    return new Request(url, request);
  },
  async onResponse({ request, response }) {
    const { token } = session.credentials();
    // A token that ended while it was in use. A sign-in that fails is told where it was tried.
    if (response.status === 401 && token && request.headers.get("authorization") === `Bearer ${token}`) {
      const body = await response.clone().json().catch(() => null);
      session.end(fromAnswer(response, body));
    }
  },
};

/** `api.GET("/api/v1/secrets", { params: { query: { limit: 50 } } })`: pass what it returns to `ask`. */
export const api = createClient<paths>({ baseUrl: location.origin });
api.use(withSession);

/** What was answered, and the tag of that version for `If-Match`. */
export interface Answer<T> {
  data: T;
  etag: string | null;
  response: Response;
}

interface Raw<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/**
 * The answer to a call.
 *
 * @throws ApiError for every other outcome, but for a request that was aborted.
 */
export async function ask<T>(call: Promise<Raw<T>>): Promise<Answer<T>> {
  let raw: Raw<T>;
  try {
    raw = await call;
  } catch (thrown) {
    throw isAborted(thrown) ? thrown : fromThrown(thrown);
  }
  const { data, error, response } = raw;
  if (!response.ok) throw fromAnswer(response, error);
  if (data === undefined && response.status !== 204) {
    throw new ApiError(response.status, "answer.unreadable", "Sluice's answer could not be read.", response.headers.get("x-request-id"));
  }
  return { data: data as T, etag: response.headers.get("etag"), response };
}

/** The header that lets a write through only if nobody has written since. */
export const ifMatch = (etag: string | null) => (etag ? { "if-match": etag } : {});
