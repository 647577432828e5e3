import { api } from "../../api/client";
import { useList } from "../../api/hooks";
import { may } from "../../session/may";
import { Notice } from "../../ui/Notice";

/** The extensions that calls go through and that have failed three times in a row. */
export function FailingExtensions() {
  return may("extensions:ListExtensions") ? <Failing /> : null;
}

function Failing() {
  // What cannot be read is told on the extensions' own screen.
  const { rows } = useList((cursor, signal) => api.GET("/api/v1/extensions", { params: { query: { cursor, limit: 200 } }, signal }));
  const failing = (rows ?? []).filter(({ enabled, health }) => enabled && health.status === "failing");
  if (failing.length === 0) return null;
  return (
    <Notice tone="warn" title={failing.length === 1 ? "An extension fails" : `${failing.length.toLocaleString()} extensions fail`}>
      {failing.map(({ id, name, on_error: onError, health }) => (
        <p key={id}>
          <a href="/extensions">{name}</a>: <code>{health.code}</code>, {health.message}. {onError === "closed" ? "Calls fail for it." : "Calls go on without it."}
        </p>
      ))}
    </Notice>
  );
}
