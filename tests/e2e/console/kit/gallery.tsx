// Every part of the kit on one page, for its test. It is no part of the console.
import { render } from "preact";
import { useState } from "preact/hooks";
import { ApiError } from "../../../../console/src/api/errors";
import { Badge } from "../../../../console/src/ui/Badge";
import { Button, LinkButton } from "../../../../console/src/ui/Button";
import { Card } from "../../../../console/src/ui/Card";
import { Chart } from "../../../../console/src/ui/Chart";
import { CodeBlock } from "../../../../console/src/ui/CodeBlock";
import { Confirm } from "../../../../console/src/ui/Confirm";
import { Copyable } from "../../../../console/src/ui/Copy";
import { Facts } from "../../../../console/src/ui/Facts";
import { Check, TextAreaField, TextField } from "../../../../console/src/ui/Field";
import { JsonEditor } from "../../../../console/src/ui/JsonEditor";
import { Menu } from "../../../../console/src/ui/Menu";
import { Money } from "../../../../console/src/ui/Money";
import { Notice } from "../../../../console/src/ui/Notice";
import { Page } from "../../../../console/src/ui/Page";
import { Problem } from "../../../../console/src/ui/Problem";
import { Progress } from "../../../../console/src/ui/Progress";
import { SelectField } from "../../../../console/src/ui/Select";
import { Table } from "../../../../console/src/ui/Table";
import { Tabs } from "../../../../console/src/ui/Tabs";
import { Time } from "../../../../console/src/ui/Time";
import { announce, Toasts } from "../../../../console/src/ui/Toast";
import { Toggle } from "../../../../console/src/ui/Toggle";

const DAYS = Array.from({ length: 14 }, (_, day) => new Date(Date.UTC(2026, 10, 10 + day)).toISOString());
const ROWS = [{ id: "a", calls: 1204 }, { id: "b", calls: 17 }];

function Gallery() {
  const [tab, choose] = useState("one");
  const [on, turn] = useState(false);
  const [json, setJson] = useState('{"a": 1}');
  const [text, setText] = useState("");
  const [picked, pick] = useState("openai");
  const [ticked, tick] = useState(false);
  const [descending, sort] = useState(true);
  const [asking, ask] = useState(false);
  const [undone, undo] = useState(false);
  const sorted = [...ROWS].sort((a, b) => (descending ? b.calls - a.calls : a.calls - b.calls));
  return (
    <main class="main">
      <Page title="Kit" about="Every part of it." actions={<><LinkButton href="#there">Link</LinkButton><Button kind="primary">Primary</Button></>}>
        <Card title="Buttons" actions={<Menu label="More" items={[{ label: "First", run: () => announce("First was chosen.") }, { label: "Last", danger: true, run: () => announce("Last was chosen.") }]} />}>
          <div class="row">
            <Button>Secondary</Button> <Button kind="quiet">Quiet</Button> <Button kind="danger" onClick={() => ask(true)}>Danger</Button> <Button pending>Pending</Button>
            <Button onClick={() => announce("It was switched off.", { label: "Undo", run: () => undo(true) })}>Do it</Button>
            {undone && <span>It was undone.</span>}
          </div>
        </Card>
        <Card title="Fields">
          <div class="form">
            <TextField label="Text" hint="A hint." value={text} onValue={setText} optional />
            <TextAreaField label="Area" value={text} onValue={setText} error="It broke a rule." />
            <SelectField label="Kind" value={picked} onValue={pick} options={[{ value: "openai", label: "OpenAI", group: "Vendors" }, { value: "ollama", label: "Ollama", group: "Local" }]} />
            <JsonEditor label="JSON" value={json} onValue={setJson} />
            <Check label="Tick" checked={ticked} onChange={tick} />
            <Toggle label="Switch" on={on} onChange={turn} />
          </div>
        </Card>
        <Tabs label="Views" tabs={[{ name: "one", title: "One" }, { name: "two", title: "Two" }]} chosen={tab} onChoose={choose}>
          <p>This is {tab}.</p>
        </Tabs>
        <Card title="Data">
          <div class="stack">
            <Facts facts={[["Id", <Copyable text="aip_0123456789abcdef" />], ["Cost", <Money usd={0.00012345} />], ["Unknown", <Money usd={null} />], ["When", <Time at="2026-11-20T10:00:00.000Z" exact />]]} />
            <div class="row"><Badge tone="ok">up</Badge><Badge tone="warn">slow</Badge><Badge tone="danger">down</Badge><Badge>off</Badge><Badge tone="plain">tag</Badge></div>
            <Progress label="Half" done={5} of={10} />
            <CodeBlock label="A call" code={'curl https://sluice.example/v1/chat/completions -H "authorization: Bearer slu_…" -H "content-type: application/json"'} />
            <Notice title="Know this">It is so.</Notice>
            <Notice tone="warn">Beware.</Notice>
            <Problem error={new ApiError(503, "database.unavailable", "the database `DB` does not answer", "req_0123456789abcdef")} retry={() => {}} />
          </div>
        </Card>
        <Table caption="Calls" rows={sorted} keyOf={({ id }) => id} empty={null} sorting={{ by: "calls", descending, onSort: (_, down) => sort(down) }}
          columns={[{ title: "Name", cell: ({ id }) => id }, { title: "Calls", align: "right", sort: "calls", cell: ({ calls }) => calls.toLocaleString() }]} />
        <Table caption="To come" rows={null} loading keyOf={() => ""} empty={null} columns={[{ title: "Name", cell: () => "" }, { title: "Calls", cell: () => "" }]} />
        <Card title="Chart">
          <Chart label="Calls a day" times={DAYS} format={(value) => value.toLocaleString()}
            series={[{ label: "Calls", values: DAYS.map((_, day) => 900 + ((day * 37) % 11) * 80) }, { label: "Errors", values: DAYS.map((_, day) => (day % 5) * 30) }]} />
          <Chart label="Spend a day" bars times={DAYS} format={(value) => `$${value.toFixed(2)}`} series={[{ label: "Spend", values: DAYS.map((_, day) => 2 + ((day * 7) % 5)) }]} />
        </Card>
        {asking && <Confirm title="Delete it?" action="Delete" name="prod" error={null} pending={false} onConfirm={() => (ask(false), announce("It is gone."))} onClose={() => ask(false)}><p>With all that is in it.</p></Confirm>}
      </Page>
      <Toasts />
    </main>
  );
}

const root = document.getElementById("console");
if (root) render(<Gallery />, root);
