// Which key seals how much, and moving everything to the first one.
import { useEffect, useRef, useState } from "preact/hooks";
import { api, ask } from "../../api/client";
import { type ApiError, fromThrown, isAborted } from "../../api/errors";
import { useList } from "../../api/hooks";
import type { Schemas } from "../../api/types";
import { may } from "../../session/may";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { CodeBlock } from "../../ui/CodeBlock";
import { Empty } from "../../ui/Empty";
import { Notice } from "../../ui/Notice";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { Progress } from "../../ui/Progress";
import { type Column, Table } from "../../ui/Table";
import { announce } from "../../ui/Toast";

type Key = Schemas["SealingKey"];

export default function SealingKeys() {
  const list = useList((_, signal) => api.GET("/api/v1/sealing-keys", { signal }));
  const keys = list.rows ?? [];
  const sealing = keys.find((key) => key.sealing);
  const left = sum(keys.filter((key) => !key.sealing));
  const lost = keys.filter((key) => !key.in_ring && key.rows > 0);
  const rotation = useRotation(list.reload);
  const mayRotate = may("sealingKeys:RotateSealingKeys");

  return (
    <Page
      title="Sealing keys"
      about="Every stored credential is sealed with a key of the ring SEALING_KEYS. The first one seals, all of them open."
      actions={mayRotate && left > 0 && (
        rotation.progress
          ? <Button icon="close" onClick={rotation.stop}>Stop</Button>
          : (
            <>
              <Button onClick={rotation.look}>Try without writing</Button>
              <Button kind="primary" icon="refresh" onClick={() => rotation.start(left)}>Rotate</Button>
            </>
          )
      )}
    >
      <div class="stack">
        {lost.map(({ id, rows }) => (
          <Notice key={id} tone="warn" title={`${counted(rows)} cannot be opened`}>
            The key <code>{id}</code> that sealed {rows === 1 ? "it" : "them"} is not in the ring. Put it back into SEALING_KEYS, behind the first one; or give those providers and secrets their credentials anew.
          </Notice>
        ))}
        {rotation.progress && (
          <Progress label={`${rotation.progress.done.toLocaleString()} of ${counted(rotation.progress.of)} re-sealed to ${sealing?.id ?? "the first key"}`} {...rotation.progress} />
        )}
        {rotation.error && (
          <Problem error={rotation.error}>
            <p>What was re-sealed before stays so. Mend that row, then rotate again: it goes on where it stopped.</p>
          </Problem>
        )}
        <Table caption="Sealing keys" columns={COLUMNS} {...list} keyOf={({ id }) => id} empty={<Empty icon="sealing" title="The ring has no key">Set the Worker secret SEALING_KEYS.</Empty>} />
        {sealing && left === 0 && keys.length > 1 && (
          <Notice title="Every row is sealed with the first key">
            The other keys may leave the ring: set SEALING_KEYS to the first entry alone. Keep a copy of the old keys for as long as you keep backups of the database.
          </Notice>
        )}
        <Card title="How to change keys">
          <ol class="steps">
            <li>Make a key of 32 random bytes.<CodeBlock label="Make a key" code="openssl rand -base64 32" /></li>
            <li>
              Put it in front of the ring under an id of its own, the old entries behind it, and give that to the Worker.
              <CodeBlock label="Set the ring" code={`# new:<the new key>,${keys.filter(({ in_ring }) => in_ring).map(({ id }) => `${id}:<its key>`).join(",")}\nnpx wrangler secret put SEALING_KEYS`} />
            </li>
            <li>Come back here and rotate. Calls go on meanwhile.</li>
            <li>When the old keys seal no rows, take them out of the ring.</li>
          </ol>
        </Card>
      </div>
    </Page>
  );
}

const COLUMNS: Column<Key>[] = [
  { title: "Key", cell: ({ id }) => <code>{id}</code> },
  { title: "State", cell: ({ sealing, in_ring }) => (sealing ? <Badge tone="ok">seals and opens</Badge> : in_ring ? <Badge>opens</Badge> : <Badge tone="danger">not in the ring</Badge>) },
  { title: "Rows", align: "right", cell: ({ rows }) => rows.toLocaleString() },
];

const sum = (keys: readonly Key[]) => keys.reduce((rows, key) => rows + key.rows, 0);
const counted = (rows: number) => (rows === 1 ? "1 row" : `${rows.toLocaleString()} rows`);

/** Rotation is a batch a request, again and again until nothing is left. */
function useRotation(onChange: () => void) {
  const [progress, show] = useState<{ done: number; of: number } | null>(null);
  const [error, fail] = useState<ApiError | null>(null);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);

  const batch = async (dry_run: boolean) => {
    const { signal } = (abort.current = new AbortController());
    return (await ask(api.POST("/api/v1/sealing-keys/rotate", { params: { query: { dry_run } }, signal }))).data;
  };
  const guarded = async (work: () => Promise<void>) => {
    fail(null);
    try {
      await work();
    } catch (thrown) {
      if (!isAborted(thrown)) fail(fromThrown(thrown));
    }
    show(null);
    onChange();
  };
  return {
    progress,
    error,
    stop: () => abort.current?.abort(),
    look: () => guarded(async () => {
      const { checked, remaining } = await batch(true);
      announce(`${counted(checked)} of ${remaining.toLocaleString()} opened. Nothing was written.`);
    }),
    start: (left: number) => guarded(async () => {
      show({ done: 0, of: left });
      for (let done = 0; ;) {
        const { resealed, remaining, sealing_key_id } = await batch(false);
        done += resealed;
        show({ done, of: done + remaining });
        onChange();
        if (remaining === 0) return announce(`Every row is sealed with ${sealing_key_id}.`);
      }
    }),
  };
}
