// Whatever ends `npm start`, nothing of it is left: an orphaned workerd would keep its port. Needs the release build, which
// `npm test` has made.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { inRoot } from "../../scripts/places.mjs";
import { capture, pause, stop } from "../../scripts/process.mjs";

const skip = process.platform === "win32" && "no signals, no ps";

for (const [how, end] of [
  ["Ctrl-C at a terminal, which signals the whole group", (npm) => process.kill(-npm.pid, "SIGINT")],
  ["SIGTERM to npm alone", (npm) => npm.kill("SIGTERM")],
  ["SIGHUP to the group, as a closing terminal sends it", (npm) => process.kill(-npm.pid, "SIGHUP")],
  ["SIGKILL to npm alone, which cannot pass it on", (npm) => npm.kill("SIGKILL")],
  ["SIGKILL to all but wrangler and workerd", (npm) => process.kill(-npm.pid, "SIGKILL")],
]) {
  test(`nothing is left after ${how}`, { skip, timeout: 90_000 }, async (t) => {
    const port = await freePort();
    const npm = spawn("npm", ["start"], {
      cwd: inRoot(),
      env: { ...process.env, PORT: String(port) },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    npm.ownGroup = true;
    t.after(() => stop(npm));
    let output = "";
    for (const stream of [npm.stdout, npm.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
    while (!output.includes(`Sluice is on http://localhost:${port}`)) {
      assert.equal(npm.exitCode, null, output);
      await pause(50);
    }
    assert.ok((await fetch(`http://localhost:${port}/`)).status > 0);

    const started = await descendants(npm.pid);
    assert.ok(started.some(({ command }) => command.includes("workerd")), "workerd was among them");

    end(npm);
    const until = Date.now() + 15_000;
    let left = started;
    while (left.length > 0 && Date.now() < until) {
      await pause(100);
      const now = await processes();
      left = started.filter(({ pid, command }) => now.some((other) => other.pid === pid && other.command === command));
    }
    assert.deepEqual(left, []);
    await assert.rejects(fetch(`http://localhost:${port}/`), "nobody listens any more");
  });
}

async function processes() {
  const { stdout } = await capture("ps", ["-eo", "pid=,ppid=,stat=,args="]);
  return stdout
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((match) => match && !match[3].startsWith("Z"))
    .map(([, pid, parent, , command]) => ({ pid: Number(pid), parent: Number(parent), command }));
}

async function descendants(pid) {
  const all = await processes();
  const found = all.filter((one) => one.pid === pid);
  for (const one of found) found.push(...all.filter(({ parent }) => parent === one.pid));
  return found;
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
