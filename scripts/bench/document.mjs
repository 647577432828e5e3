// BENCHMARKS.md: what a program writes in it, and how it finds the place.
import { Stop } from "../stop.mjs";
import { forMarkdown, tablesOf } from "./tables.mjs";

const BEGIN = "<!-- results: written by `npm run bench -- --write`, not by hand -->";
const END = "<!-- end of results -->";

/** The document with other results in it. */
export function withResults(document, results) {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin)
    throw new Stop(`BENCHMARKS.md has no place for the results: the lines are\n${BEGIN}\n${END}`);
  return `${document.slice(0, begin + BEGIN.length)}\n\n${results.trim()}\n\n${document.slice(end)}`;
}

/** A run in words and tables. */
export function resultsOf(raw) {
  const { machine, versions, options, gateways, skipped } = raw;
  const named = gateways.map(({ name, version }) => (version ? `${name} ${version}` : name)).join(", ");
  const hardware = `${machine.cores} cores (${machine.cpu}), ${machine.memory_gib} GiB, ${machine.system}`;
  const about = [
    `Measured on ${raw.when.slice(0, 10)} at commit ${raw.commit}: ${hardware}, load ${machine.load_before ?? "unknown"} before;`,
    `workerd ${versions.workerd}, ${versions.rustc}; ${named}.`,
    `${options.rounds} rounds of ${options.seconds} s in ${options.slices} slices, seed ${options.seed}.`,
  ];
  if (skipped.length > 0) about.push(`Not measured: ${skipped.map(({ name, why }) => `${name} (${why})`).join("; ")}.`);
  return [about.join(" "), ...tablesOf(raw).map(forMarkdown)].join("\n\n");
}
