import type { ComponentChildren } from "preact";
import { type ApiError, sentence } from "../api/errors";
import { Button } from "./Button";
import { CopyButton } from "./Copy";
import { Icon } from "./Icon";
import { Words } from "./Words";

/** What a person can do, where the API's own words do not say it. */
function wayOut(error: ApiError): string | null {
  switch (error.status) {
    case 0:
      return "Check the connection, then try again.";
    case 412:
      return "Somebody else has changed this meanwhile. Close this, look at it again, then repeat the change.";
    case 429:
      return "Wait a moment, then try again.";
    case 500:
    case 502:
      return "Try again. If it stays, the deployment's log has a line with the request's id.";
    case 503:
      return "Settings says what the deployment lacks.";
    default:
      return null;
  }
}

/** Whether the same request may be answered otherwise in a moment. */
const mayPass = ({ status }: ApiError) => status === 0 || status === 429 || status >= 500;

const TITLES: Record<number, string> = {
  0: "No answer",
  401: "Not signed in",
  403: "Not allowed",
  404: "Not there",
  409: "In the way",
  412: "Changed meanwhile",
  422: "Not taken",
};

/** An error in words: what, what to do, and the id by which the log knows it. */
export function Problem({ error, retry, children }: { error: ApiError; retry?: () => void; children?: ComponentChildren }) {
  const advice = wayOut(error);
  return (
    <div class="problem" role="alert">
      <Icon name="warning" />
      <div>
        <strong>{TITLES[error.status] ?? "That did not work"}</strong>
        <p><Words text={sentence(error.message)} /></p>
        {children}
        {advice && <p>{advice}</p>}
        {error.requestId && (
          <p class="id copyable">
            Request <code>{error.requestId}</code> <CopyButton text={error.requestId} label="Copy the request's id" />
          </p>
        )}
        {retry && mayPass(error) && <div><Button icon="refresh" onClick={retry}>Try again</Button></div>}
      </div>
    </div>
  );
}
