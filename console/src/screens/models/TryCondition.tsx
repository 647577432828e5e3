import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { useResource } from "../../api/hooks";
import { Button } from "../../ui/Button";
import { Notice } from "../../ui/Notice";
import { Problem } from "../../ui/Problem";
import { asked, FIRST_SAMPLE, SampleFields, useRested } from "./SampleRequest";
import type { When } from "./when";

/** Says whether a condition matches a request, while either is being written. Nothing is saved and nobody is called. */
export function TryCondition({ when }: { when: When }) {
  const [isOpen, open] = useState(false);
  const [sample, set] = useState(FIRST_SAMPLE);
  const rested = useRested({ when, sample });
  const call = asked(rested.sample);
  if (!isOpen) return <div><Button onClick={() => open(true)}>Try it on a request</Button></div>;
  return (
    <div class="pair">
      <SampleFields sample={sample} onChange={set} />
      <div aria-live="polite">{call && <Match call={call} when={rested.when} />}</div>
    </div>
  );
}

function Match({ call, when }: { call: NonNullable<ReturnType<typeof asked>>; when: When }) {
  const query = { ...call.query, when: JSON.stringify(when) };
  const { data, error } = useResource(
    (signal) => api.POST("/api/v1/models/resolve", { params: { query }, body: call.body, signal }),
    JSON.stringify([query, call.body]),
  );
  if (error) return <Problem error={error} />;
  if (!data) return <p role="status">Asking …</p>;
  return data.condition_matches
    ? <Notice tone="info" title="This request matches">The model takes it, and before models without a condition.</Notice>
    : <Notice tone="warn" title="This request does not match">The model does not take it.</Notice>;
}
