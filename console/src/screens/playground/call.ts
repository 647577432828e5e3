// One call of a model, as any client makes it: not through the typed API, whose answers are read whole.
import { ApiError, fromAnswer, fromThrown } from "../../api/errors";
import { session } from "../../session/session";
import { DIALECTS, type Piece, type Prompt } from "./protocols";

/** The headers that a call wants beside its token. */
export function extraHeaders({ tags }: Prompt): Record<string, string> {
  const { project } = session.credentials();
  return { ...(project ? { "x-sluice-project": project } : {}), ...(tags.trim() ? { "x-sluice-tags": tags.trim() } : {}) };
}

/**
 * Makes the call; `onHead` hears of its answer's status and headers, `onPiece` of each part.
 *
 * @throws ApiError for a refusal, an error within a stream, and a stream that ends too early.
 */
export async function send(prompt: Prompt, signal: AbortSignal, onHead: (response: Response) => void, onPiece: (piece: Piece) => void): Promise<void> {
  const dialect = DIALECTS[prompt.protocol];
  const { token } = session.credentials();
  const response = await fetch(dialect.path, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...extraHeaders(prompt) },
    body: JSON.stringify(dialect.body(prompt)),
    signal,
  }).catch((thrown) => {
    throw signal.aborted ? thrown : fromThrown(thrown);
  });
  onHead(response);
  const id = response.headers.get("x-request-id");
  const broken = (message: string) => new ApiError(502, "stream.error", message, id);
  if (!response.ok) throw fromAnswer(response, await response.json().catch(() => null));

  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    const piece = dialect.whole(await response.json());
    if (piece.error) throw broken(piece.error);
    return onPiece(piece);
  }
  let ended = false;
  for await (const data of events(response)) {
    const piece = data === "[DONE]" ? { end: true } : dialect.event(JSON.parse(data));
    if (piece.error) throw broken(piece.error);
    ended ||= piece.end === true;
    onPiece(piece);
  }
  if (!ended) throw broken("the stream stopped before its end: what is shown is not all of it");
}

/** The data of server-sent events, one by one, whatever chunks they come in. */
async function* events(response: Response): AsyncGenerator<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) return;
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = block.split(/\r?\n/).flatMap((line) => (line.startsWith("data:") ? [line.slice(5).trimStart()] : []));
      if (data.length > 0) yield data.join("\n");
    }
  }
}
