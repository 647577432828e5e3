// What went wrong, read once: screens only ever see an ApiError.

/** A refusal of the API, or that it could not be asked (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** For programs: `secret.in_use`, `auth.forbidden`, … */
    readonly code: string,
    /** The API's words for people. */
    message: string,
    /** As in `x-request-id`; null where no answer came. */
    readonly requestId: string | null,
    /** The field at fault. */
    readonly param: string | null = null,
    /** What else the API said, such as the rows that are in the way. */
    readonly details: unknown = null,
  ) {
    super(message);
  }
}

/** Makes an error of an answer that is none of the good ones. */
export function fromAnswer(response: Response, body: unknown): ApiError {
  const id = response.headers.get("x-request-id");
  const error = isRecord(body) && isRecord(body.error) ? body.error : {};
  const text = (value: unknown) => (typeof value === "string" ? value : null);
  return new ApiError(
    response.status,
    text(error.code) ?? `http.${response.status}`,
    text(error.message) ?? `Sluice answered ${response.status} without a reason.`,
    text(error.request_id) ?? id,
    text(error.param),
    error.details ?? null,
  );
}

/** Makes an error of whatever was thrown on the way. */
export function fromThrown(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  return new ApiError(0, "network", "Sluice did not answer: the connection broke, or there is none.", null);
}

/** Whether a request was given up by us, which is nobody's failure. */
export const isAborted = (thrown: unknown) => thrown instanceof DOMException && thrown.name === "AbortError";

/** The API's messages as sentences: they begin in lower case and have no full stop. What begins with a field's name keeps it. */
export function sentence(message: string): string {
  const first = message.replace(/^[a-z](?=[a-z]*[ ,])/, (letter) => letter.toUpperCase());
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
