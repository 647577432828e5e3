// What a gateway's processes cost: the child that was started and all that it started itself. Linux says it in /proc; elsewhere
// nothing is measured, and the tables say so.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";

export const measurable = process.platform === "linux";

const ticks = () => (ticks.perSecond ??= Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" })));

/** Fields of `/proc/<pid>/stat` that are asked for here. The command, in parentheses, may hold anything. */
export function parseStat(line) {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

/** A process and its descendants, of the processes that are in `parents` (a map from pid to parent). */
export function descendants(pid, parents) {
  const found = [pid];
  for (const one of found) for (const [child, parent] of parents) if (parent === one) found.push(child);
  return found;
}

function tree(pid) {
  const parents = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = read(`/proc/${name}/stat`);
    if (line) parents.set(Number(name), parseStat(line).parent);
  }
  return descendants(pid, parents);
}

/** User and system time of the tree so far, in seconds; null where it cannot be told. */
export function cpuSeconds(pid) {
  if (!measurable) return null;
  const used = tree(pid)
    .map((one) => read(`/proc/${one}/stat`))
    .filter(Boolean);
  return used.reduce((sum, line) => sum + parseStat(line).ticks, 0) / ticks();
}

/** Forgets the peaks of memory so far. */
export function forgetPeaks(pid) {
  if (!measurable) return;
  for (const one of tree(pid)) {
    try {
      writeFileSync(`/proc/${one}/clear_refs`, "5");
    } catch {
      // Not ours to reset: its peak counts from its start.
    }
  }
}

/** The most memory that the tree's processes have held since then, each at its own worst moment, in bytes. */
export function peakBytes(pid) {
  if (!measurable) return null;
  const peaks = tree(pid).map((one) => Number(/^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${one}/status`) ?? "")?.[1] ?? 0));
  return peaks.reduce((sum, kib) => sum + kib, 0) * 1024;
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
