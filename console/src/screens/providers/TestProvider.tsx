import { useState } from "preact/hooks";
import { api } from "../../api/client";
import type { ApiError } from "../../api/errors";
import { useMutation, useResource } from "../../api/hooks";
import type { Model, Provider, Schemas } from "../../api/types";
import { may } from "../../session/may";
import { Button, LinkButton } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Facts } from "../../ui/Facts";
import { Notice } from "../../ui/Notice";
import { Problem } from "../../ui/Problem";
import { PROTOCOLS } from "./presets";

/** Asks a provider what it has, which costs nothing, and where there is a model, that one for a word. */
export function TestProvider({ provider, onClose }: { provider: Provider; onClose: () => void }) {
  const path = { provider_id: provider.id };
  const { data, error, loading, reload } = useResource((signal) => api.GET("/api/v1/providers/{provider_id}/available-models", { params: { path }, signal }), provider.id);
  const model = provider.models.find(({ is_default }) => is_default);
  return (
    <Dialog title={`Test ${provider.name}`} onClose={onClose}
      footer={<>{error && <Button icon="refresh" pending={loading} onClick={reload}>Ask again</Button>}<Button kind="primary" onClick={onClose}>Close</Button></>}>
      {loading && <p role="status">Asking {provider.resolved?.base_url ?? "it"} …</p>}
      {!loading && error && <Problem error={error}><UpstreamSaid error={error} /></Problem>}
      {!loading && !error && data && (
        <Notice title="It answered, and took the credential">
          It lists {data.data.length === 1 ? "1 model" : `${data.data.length.toLocaleString()} models`}
          {data.data.length > 0 && `, among them ${data.data.slice(0, 3).map((listed) => listed.model).join(", ")}`}. The answer is a minute old at most.
        </Notice>
      )}
      {model && may("models:TestModel", provider.id, model.id) && <CallModel model={model} />}
      {!model && may("models:ListModels", provider.id) && (
        <div><LinkButton href={`/providers/${provider.id}/models`}>Register a model, to test a whole call</LinkButton></div>
      )}
    </Dialog>
  );
}

/** One short call of a model, on a press: it costs what it costs. */
export function CallModel({ model }: { model: Model }) {
  const path = { provider_id: model.provider_id ?? "", model_id: model.id };
  const { run, pending, error } = useMutation(() => api.POST("/api/v1/providers/{provider_id}/models/{model_id}/test", { params: { path } }));
  const [tested, show] = useState<Schemas["Tested"] | null>(null);
  const start = async () => show((await run(undefined))?.data ?? null);
  return (
    <>
      {tested?.success && (
        <Notice title={`${model.model} answered`}>
          <Facts facts={[
            ["Said", tested.output_text ?? "nothing that is text"],
            ["After", `${tested.latency_ms.toLocaleString()} ms`],
            ["Asked in", tested.protocol ? PROTOCOLS[tested.protocol] : "no protocol"],
          ]} />
        </Notice>
      )}
      {tested && !tested.success && (
        <Notice tone="warn" title={`${model.model} did not answer${tested.error?.status ? `: ${tested.error.status}` : ""}`}>{tested.error?.message}</Notice>
      )}
      {error && <Problem error={error} />}
      <div><Button pending={pending} onClick={start}>{tested ? "Call it again" : `Call ${model.model} once, at its price`}</Button></div>
    </>
  );
}

/** What the upstream said where it refused. */
export function UpstreamSaid({ error }: { error: ApiError }) {
  const details = error.details as { status?: number; body?: string } | null;
  if (!details?.status) return null;
  return <p>It answered {details.status}{details.body ? <>: <code>{details.body}</code></> : " without a word"}.</p>;
}
