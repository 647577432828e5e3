// Child processes, each in a process group of its own, so that stopping one stops all that it started: wrangler starts
// workerd, cargo starts rustc, and an orphaned workerd would keep its port.
import { spawn } from "node:child_process";
import { createWriteStream, readFileSync } from "node:fs";
import { Stop } from "./stop.mjs";

const GRACE_MS = 5000;
const windows = process.platform === "win32";
const children = new Set();

/**
 * Starts a process. `interactive` keeps it in our own group, which a program that asks the terminal something needs:
 * another session's group may not read from it.
 */
export function start(file, args, { interactive = false, ...options } = {}) {
  const child = spawn(file, args, {
    stdio: "inherit",
    windowsHide: true,
    detached: !interactive && !windows,
    // .cmd files, npm's among them, are the shell's business on Windows.
    shell: windows && !/\.exe$/i.test(file),
    ...options,
  });
  child.ownGroup = !interactive && !windows;
  children.add(child);
  child.ended = new Promise((resolve, reject) => {
    child.once("error", (error) => {
      children.delete(child);
      reject(error);
    });
    child.once("close", (code, signal) => {
      children.delete(child);
      resolve(code ?? 128 + (signal ? 1 : 0));
    });
  });
  child.ended.catch(() => {});
  return child;
}

/** Stops a process and everything that it started; resolves when none of them is left. */
export async function stop(child) {
  if (!child.pid) return;
  if (windows) {
    spawn("taskkill", ["/pid", String(child.pid), "/T", "/F"], { stdio: "ignore" });
    return void (await child.ended);
  }
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
  const until = Date.now() + GRACE_MS;
  while (alive(child) && Date.now() < until) await pause(25);
  kill(child, "SIGKILL");
  const certain = Date.now() + 1000;
  while (alive(child) && Date.now() < certain) await pause(25);
}

/** Stops everything that is still running. */
export const stopChildren = () => Promise.all([...children].map(stop));

// The last resort, for an exit that nobody awaited.
process.on("exit", () => {
  for (const child of children) if (child.pid) kill(child, "SIGKILL");
});

/** Runs to the end with our terminal; throws unless it succeeds. */
export async function run(file, args, { failure, ...options } = {}) {
  const code = await start(file, args, options).ended;
  if (code !== 0) throw new Stop(failure ?? `${file} ${args.join(" ")} ended with exit code ${code}.`);
}

/** Runs to the end and returns what was said; a program that is not there is code 127, as in a shell. */
export async function capture(file, args, { input, ...options } = {}) {
  const child = start(file, args, { ...options, stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  if (input !== undefined) child.stdin.end(input);
  try {
    return { code: await child.ended, stdout, stderr };
  } catch (error) {
    return { code: 127, stdout, stderr: `${stderr}${error.message}` };
  }
}

/** Runs to the end with the output in a file; a failure shows its last lines and says where the rest is. */
export async function logged(log, file, args, options = {}) {
  const out = createWriteStream(log);
  await new Promise((resolve, reject) => out.once("open", resolve).once("error", reject));
  let code;
  try {
    code = await start(file, args, { ...options, stdio: ["ignore", out, out] }).ended;
  } catch (error) {
    throw new Stop(`${file} could not be started: ${error.message}`);
  } finally {
    out.end();
  }
  if (code === 0) return;
  const tail = readFileSync(log, "utf8").trimEnd().split("\n").slice(-30).join("\n");
  throw new Stop(`${tail}\n\n${file} ${args[0]} ended with exit code ${code}; all of its output is in ${log}`);
}

/** Runs to the end, passes the output through as it comes, and returns it with the exit code. */
export async function teed(file, args, options = {}) {
  const child = start(file, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    from.setEncoding("utf8").on("data", (text) => {
      output += text;
      to.write(text);
    });
  }
  return { code: await child.ended.catch(() => 127), output };
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function alive(child) {
  if (!child.ownGroup) return child.exitCode === null && child.signalCode === null;
  try {
    process.kill(-child.pid, 0);
    return true;
  } catch {
    return false;
  }
}

function kill(child, signal) {
  try {
    process.kill(child.ownGroup ? -child.pid : child.pid, signal);
  } catch {
    // Already gone.
  }
}
