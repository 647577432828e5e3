// Schemathesis, which asks the Worker whatever openapi.json allows: a Python package, in a virtual environment of its own
// beside the other tools, at the versions of schemathesis.txt.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, inRoot } from "../places.mjs";
import { capture, logged } from "../process.mjs";
import { Stop } from "../stop.mjs";
import { atLeast } from "./locked.mjs";

const OLDEST_PYTHON = "3.10.0";
const versions = inRoot("scripts", "setup", "schemathesis.txt");

/** `{ command }`, the program and its first arguments; or `{ missing }`, why there is none and what helps. */
export async function ensureSchemathesis() {
  const found = await findPython();
  if (found.missing) return found;

  const wanted = createHash("sha256").update(readFileSync(versions)).update(found.version).digest("hex").slice(0, 12);
  const home = join(cacheFolder(), `schemathesis-${wanted}`);
  const command = [pythonOf(home), "-m", "schemathesis.cli"];
  if (existsSync(home)) return { command };

  console.log("Installing Schemathesis, once (about 20 seconds) …");
  mkdirSync(cacheFolder(), { recursive: true });
  const draft = mkdtempSync(join(cacheFolder(), ".schemathesis-"));
  const log = join(cacheFolder(), "schemathesis.log");
  try {
    await logged(log, found.python, ["-m", "venv", draft]);
    // Wheels only: nothing is built here, and no package's own code runs to install it.
    const args = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--only-binary", ":all:", "-r", versions];
    await logged(log, pythonOf(draft), args);
    // An interpreter finds its packages from where it stands, so that a complete environment may move.
    renameSync(draft, home);
  } catch (error) {
    if (existsSync(home)) return { command };
    if (!(error instanceof Stop)) throw error;
    return { missing: `Schemathesis could not be installed: ${error.message}` };
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return { command };
}

/** `{ python, version }` of the first name that is a Python new enough; or `{ missing }`. */
export async function findPython(names = process.platform === "win32" ? ["py", "python"] : ["python3", "python"]) {
  for (const python of names) {
    const { stdout } = await capture(python, ["-c", "import platform; print(platform.python_version())"]);
    const version = stdout.trim();
    if (/^\d+\.\d+\.\d+/.test(version) && atLeast(version, OLDEST_PYTHON)) return { python, version };
  }
  return { missing: `Schemathesis needs Python ${OLDEST_PYTHON} or newer, with venv: install it from https://www.python.org.` };
}

const pythonOf = (home) => (process.platform === "win32" ? join(home, "Scripts", "python.exe") : join(home, "bin", "python"));
