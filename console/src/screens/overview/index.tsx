// What an operator looks at first: what goes on, what it costs, and which upstream is in trouble. Before the first call it says
// how to come to it.
import { api, ask } from "../../api/client";
import { readHealth } from "../../api/health";
import { useResource } from "../../api/hooks";
import type { Schemas } from "../../api/types";
import { may } from "../../session/may";
import { Card } from "../../ui/Card";
import { Chart } from "../../ui/Chart";
import { Notice } from "../../ui/Notice";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { ChoiceFilter, useFilters } from "../activity/filters";
import { useNames } from "../activity/names";
import { duration } from "../requests/words";
import { Tile, Tiles } from "../usage/Tiles";
import { RANGES, buckets, drawnAt, range } from "../usage/range";
import { CALLS, COST, ERRORS, readTotals, series } from "../usage/totals";
import { FailingExtensions } from "./FailingExtensions";
import { FirstSteps } from "./FirstSteps";
import { ProviderHealth } from "./ProviderHealth";
import { latency, quantile } from "./latency";

/** As many calls as the log gives at once. */
const LATEST = 200;

export default function Overview() {
  const { chosen, choose } = useFilters(["range"]);
  const { from, to, step } = range(chosen.range || "day", "", "");
  const query = { from, to };
  const names = useNames(["provider"]);
  const health = useResource(async (signal) => ({ data: await readHealth(signal), response: new Response() }));
  const sum = useResource(async (signal) => {
    const { data, response } = await ask(api.GET("/api/v1/usage", { params: { query }, signal }));
    return { data: (data as Schemas["TotalsPage"]).data[0], response };
  }, JSON.stringify(query));
  const overTime = useResource((signal) => readTotals(step, query, signal), JSON.stringify(query));
  // The log holds what totals do not: how long calls took, and which attempts failed before another one answered.
  const mayRead = may("usage:ListRequests");
  const latest = useResource(async (signal) => {
    if (!mayRead) return { data: null, response: new Response() };
    const { data, response } = await ask(api.GET("/api/v1/requests", { params: { query: { limit: LATEST } }, signal }));
    return { data: data.data, response };
  });
  const calls = latest.data?.filter(({ status }) => status < 400) ?? [];
  const took = calls.map(({ latency_ms }) => latency_ms);
  const slow = latency(calls);
  const error = sum.error ?? overTime.error ?? latest.error ?? names.error;
  const moments = buckets({ from, to, step });
  const unit = step === "hour" ? "an hour" : "a day";
  const totals = overTime.data?.rows ?? [];
  // Until it is known whether there were calls, neither the charts nor the first steps are shown, lest one gives way to the other.
  const isQuiet = latest.data?.length === 0;
  const isKnown = !mayRead || error !== null || (isQuiet ? names.ready && sum.data !== null : latest.data !== null);
  const isNew = isQuiet && isKnown && sum.data?.calls === 0;

  return (
    <Page
      title="Overview"
      about={isNew ? "Four steps to the first answer." : "What goes on, what it costs, and which upstream is in trouble."}
      actions={!isNew && <ChoiceFilter label="Time" any="Last 24 hours" options={RANGES.slice(1, 4)} value={chosen.range} onValue={(value) => choose({ range: value })} />}
    >
      {health.data && health.data.status !== "ok" && (
        <Notice tone="warn" title={health.data.status === "degraded" ? "The database does not answer" : "This deployment lacks something"}>
          <a href="/settings">Settings</a> says what, and how to mend it.
        </Notice>
      )}
      <FailingExtensions />
      {error && <Problem error={error} retry={() => (sum.reload(), overTime.reload(), latest.reload())} />}
      {isNew ? <FirstSteps providers={names.providers} /> : (
        <>
          <Tiles totals={sum.data}>
            {mayRead && (
              <Tile name="Latency, median" hint={took.length > 0 ? `95% within ${duration(quantile(took, 0.95))}` : null}>
                {latest.data && (took.length > 0 ? duration(quantile(took, 0.5)) : "none")}
              </Tile>
            )}
          </Tiles>
          {isKnown && (
            <>
              <div class="halves">
                <Card title="Calls">
                  <Chart
                    label={`Calls and errors ${unit}`} times={moments.map(drawnAt)} format={CALLS.say}
                    series={[...series(totals, moments, CALLS.of, null, "Calls"), ...series(totals, moments, ERRORS.of, null, "Errors")]}
                  />
                </Card>
                <Card title="Spend">
                  <Chart label={`Cost ${unit}`} bars times={moments.map(drawnAt)} format={COST.say} series={series(totals, moments, COST.of, null, "Cost")} />
                </Card>
                {slow.times.length > 1 && (
                  <Card title={`Latency of the latest ${calls.length.toLocaleString()} answers`}>
                    <Chart
                      label="How long answers took" times={slow.times} format={duration}
                      series={[{ label: "Median", values: slow.median }, { label: "95% within", values: slow.most }]}
                    />
                  </Card>
                )}
              </div>
              {may("aiProviders:ListAiProviders") && <ProviderHealth providers={names.ready ? names.providers : null} calls={latest.data} />}
            </>
          )}
        </>
      )}
    </Page>
  );
}
