// node scripts/instructions.mjs [--write]: how many instructions the core takes for a warm call, counted by callgrind, against the
// numbers in tests/native/instructions.json. They are the same on a busy machine; another compiler moves them a little.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command } from "./command.mjs";
import { inRoot, root } from "./places.mjs";
import { capture } from "./process.mjs";
import { Stop } from "./stop.mjs";

/** The functions that are measured, each called once by its test. */
const MEASURED = {
  measured_small: "a_warm_call_of_one_kilobyte",
  measured_large: "a_warm_call_of_a_hundred_kilobytes",
  measured_among_thousands: "a_warm_call_among_five_thousand_models",
  measured_events: "a_hundred_events_of_a_stream",
};

const TOLERANCE = 1.1;
const KEPT = inRoot("tests", "native", "instructions.json");

command(async () => {
  const write = process.argv.includes("--write");
  if ((await capture("valgrind", ["--version"])).code !== 0) throw new Stop("valgrind is missing: install it (Debian, Ubuntu: `apt-get install valgrind`).");
  const binary = await testBinary();
  const counted = {};
  for (const [name, test] of Object.entries(MEASURED)) counted[name] = await instructions(binary, name, test);
  if (write) {
    writeFileSync(KEPT, `${JSON.stringify(counted, null, 2)}\n`);
    console.log(`Written to ${KEPT}.`);
    return 0;
  }
  const kept = JSON.parse(readFileSync(KEPT, "utf8"));
  const over = Object.keys(counted).filter((name) => counted[name] > kept[name] * TOLERANCE);
  for (const name of Object.keys(counted)) console.log(`${name.padEnd(26)} ${counted[name]} instructions, of ${kept[name]}${over.includes(name) ? ": TOO MANY" : ""}`);
  if (over.length > 0) console.log("If that is what it has to cost: `node scripts/instructions.mjs --write`, and say why in the commit.");
  return over.length > 0 ? 1 : 0;
});

async function testBinary() {
  const { code, stdout, stderr } = await capture("cargo", ["test", "--locked", "--no-run", "--test", "native", "--message-format=json"], { cwd: root });
  const lines = stdout.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  const binary = lines.findLast(({ target, executable }) => executable && target?.name === "native")?.executable;
  if (code !== 0 || !binary || !existsSync(binary)) throw new Stop(`The native tests do not build:\n${stderr}`);
  return binary;
}

async function instructions(binary, name, test) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-callgrind-"));
  try {
    const flags = ["--tool=callgrind", `--callgrind-out-file=${join(folder, "out")}`, `--toggle-collect=*${name}*`];
    const { code, stdout, stderr } = await capture("valgrind", [...flags, binary, "--exact", `hot_path::${test}`, "--test-threads=1"], { cwd: root });
    const collected = Number(/Collected : (\d+)/.exec(stderr)?.[1] ?? 0);
    if (code !== 0 || collected === 0) throw new Stop(`callgrind counted nothing for ${test}:\n${stdout}\n${stderr.slice(-2000)}`);
    return collected;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
