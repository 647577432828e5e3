// Imported by the screens that chart, and so loaded with them.
import { useEffect, useId, useRef } from "preact/hooks";
import uPlot from "uplot";

export interface Series {
  label: string;
  /** One for each moment; null where there is none. */
  values: readonly (number | null)[];
}

/** Lines, or bars, over time. What is drawn can also be read, in a table under it. */
export function Chart({ label, times, series, format, bars = false, height = 220 }: {
  /** What is charted, in words. */
  label: string;
  /** ISO 8601. */
  times: readonly string[];
  series: readonly Series[];
  format: (value: number) => string;
  bars?: boolean;
  height?: number;
}) {
  const id = useId();
  const place = useRef<HTMLDivElement>(null);
  const key = JSON.stringify([times, series, bars]);

  useEffect(() => {
    const host = place.current;
    if (!host) return;
    let chart: uPlot | undefined;
    const draw = () => {
      chart?.destroy();
      chart = new uPlot(options(host, series, format, bars, height), data(times, series), host);
    };
    draw();
    const resized = new ResizeObserver(() => chart?.setSize({ width: host.clientWidth, height }));
    resized.observe(host);
    // Canvas knows no custom properties: another theme is another drawing.
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    return () => {
      resized.disconnect();
      themed.disconnect();
      scheme.removeEventListener("change", draw);
      chart?.destroy();
    };
  }, [key, height]);

  return (
    <figure class="chart" aria-labelledby={id}>
      <figcaption class="unseen" id={id}>{label}</figcaption>
      <div class="legend" aria-hidden="true">
        {series.map(({ label: name }, index) => (
          <span key={name}><i style={{ background: `var(--series-${(index % 6) + 1})` }} />{name}</span>
        ))}
      </div>
      <div ref={place} aria-hidden="true" style={{ minHeight: `${height}px` }} />
      <details>
        <summary>As a table</summary>
        <div class="scroll" tabIndex={0} role="region" aria-label={label}>
          <table class="table">
            <thead>
              <tr><th scope="col">Time</th>{series.map(({ label: name }) => <th key={name} scope="col" data-align="right">{name}</th>)}</tr>
            </thead>
            <tbody>
              {times.map((time, row) => (
                <tr key={time}>
                  <th scope="row">{new Date(time).toLocaleString()}</th>
                  {series.map(({ label: name, values }) => <td key={name} data-align="right" data-label={name}>{said(values[row], format)}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

const said = (value: number | null | undefined, format: (value: number) => string) => (value == null ? "none" : format(value));

const data = (times: readonly string[], series: readonly Series[]): uPlot.AlignedData => [
  times.map((time) => Date.parse(time) / 1000),
  ...series.map(({ values }) => [...values]),
];

function options(host: HTMLElement, series: readonly Series[], format: (value: number) => string, bars: boolean, height: number): uPlot.Options {
  const style = getComputedStyle(host);
  const colour = (name: string) => resolved(host, name);
  const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: `12px ${style.fontFamily}` };
  return {
    width: host.clientWidth,
    height,
    legend: { show: false },
    cursor: { y: false, points: { size: 7 } },
    scales: {
      // A bar stands around its moment: the first and the last need room on both sides.
      x: bars ? { range: (chart, first, last) => around(first, last, chart.data[0].length) } : {},
      y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] },
    },
    axes: [{ ...axis, size: 28, values: (_, ticks, __, ___, step) => ticks.map((tick) => moment(tick, step)) }, { ...axis, size: 64, values: (_, ticks) => ticks.map(format) }],
    series: [
      {},
      ...series.map(({ label }, index) => {
        const line = colour(`--series-${(index % 6) + 1}`);
        return {
          label, stroke: line, width: bars ? 0 : 1.75, fill: bars ? line : undefined, points: { show: false },
          paths: bars ? uPlot.paths.bars?.({ size: [0.7, 48] }) : undefined,
        };
      }),
    ],
  };
}

const DATE = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const HOUR = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });

/** A tick of the axis, in the reader's zone: hours where ticks are hours, with the day at its beginning. */
function moment(seconds: number, step: number): string {
  const at = new Date(seconds * 1000);
  return step >= 86_400 || at.getHours() + at.getMinutes() === 0 ? DATE.format(at) : HOUR.format(at);
}

function around(first: number, last: number, count: number): [number, number] {
  const half = count > 1 ? (last - first) / (count - 1) / 2 : 43_200;
  return [first - half, last + half];
}

/** A custom property as a colour that canvas takes: the browser resolves `light-dark()` for elements only. */
function resolved(host: HTMLElement, name: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  host.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
