// Versions come from the lock files and nowhere else, so that a tool never differs from the library that it belongs to.

/** The version of a package in the text of a Cargo.lock. */
export function lockedVersion(cargoLock, name) {
  for (const entry of cargoLock.split(/^\[\[package\]\]\s*$/m)) {
    if (field(entry, "name") === name) return field(entry, "version");
  }
  throw new Error(`Cargo.lock has no package ${name}`);
}

/** The first `key = "value"` of a TOML text: enough for the few fields that the scripts read. */
export function field(toml, key) {
  return new RegExp(`^${key}\\s*=\\s*"([^"]*)"`, "m").exec(toml)?.[1];
}

/** Whether version a is at least version b, both dotted numbers. */
export function atLeast(a, b) {
  const [left, right] = [a, b].map((version) => version.split(".").map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
