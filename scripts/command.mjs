// How every command ends: with its exit code, and with none of its child processes left.
import { capture, stopChildren } from "./process.mjs";
import { Stop } from "./stop.mjs";

/**
 * Runs a command's main function; its number, if it returns one, is the exit code. `interrupted` is the code after a
 * signal: for what runs until it is stopped, being stopped is success.
 */
export function command(main, { interrupted = 130 } = {}) {
  let ending = false;
  const end = async (code) => {
    if (ending) return;
    ending = true;
    await stopChildren();
    process.exit(code);
  };

  // SIGHUP also arrives when the terminal is already gone; a write to it must not end us before the children are.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => end(interrupted));
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

  // npm cannot pass on what kills it outright: an orphan ends itself.
  const parents = npmAndShell();
  setInterval(async () => (await parents).every(alive) || end(interrupted), 500).unref();

  main().then(
    (code) => end(code ?? 0),
    (error) => {
      if (ending) return;
      console.error(error instanceof Stop ? error.message : error);
      return end(1);
    },
  );
}

// Between npm and us there may be a shell, which outlives it.
async function npmAndShell() {
  const parent = process.ppid;
  if (!process.env.npm_lifecycle_event || process.platform === "win32") return [];
  const { stdout } = await capture("ps", ["-o", "ppid=,comm=", "-p", String(parent)]);
  const shell = /^\s*(\d+)\s.*sh\s*$/.exec(stdout);
  return shell ? [parent, Number(shell[1])] : [parent];
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
