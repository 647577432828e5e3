// How every command ends: with its exit code, and with none of its child processes left.
import { stopChildren } from "./process.mjs";
import { Stop } from "./stop.mjs";

/** Runs a command's main function; its number, if it returns one, is the exit code. */
export function command(main) {
  let ending = false;
  const end = async (code) => {
    if (ending) return;
    ending = true;
    await stopChildren();
    process.exit(code);
  };

  // SIGHUP also arrives when the terminal is already gone; a write to it must not end us before the children are.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => end(0));
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

  // npm does not always pass signals on, and cannot when it is killed outright: an orphan ends itself.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && end(0), 500).unref();

  main().then(
    (code) => end(code ?? 0),
    (error) => {
      if (ending) return;
      console.error(error instanceof Stop ? error.message : error);
      return end(1);
    },
  );
}
