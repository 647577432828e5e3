// Prebuilt tools, taken only when their published checksum fits. Every failure means «build it instead», never «stop»:
// a machine without a way to GitHub is an ordinary machine.
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { capture } from "../process.mjs";

const CONNECT_MS = 5000;
const BODY_MS = 120_000;

/** Downloads and unpacks an archive into a folder; false if it is not to be had. */
export async function unpackRelease({ url, checksum }, folder) {
  try {
    const expected = await checksum();
    if (!/^[0-9a-f]{64}$/.test(expected ?? "")) return false;
    const archive = await read(url, BODY_MS);
    if (createHash("sha256").update(archive).digest("hex") !== expected) return false;
    const file = join(folder, "release.tar.gz");
    await writeFile(file, archive);
    return (await capture("tar", ["-xzf", file, "-C", folder])).code === 0;
  } catch {
    return false;
  }
}

/** The checksum in a `sha256sum` file beside the archive. */
export const besideArchive = (url) => async () => /^[0-9a-f]{64}/.exec((await read(`${url}.sha256sum`)).toString())?.[0];

/** The checksum that GitHub itself publishes for a release's file. */
export const fromGitHub = (repository, tag, name) => async () => {
  const release = JSON.parse(await read(`https://api.github.com/repos/${repository}/releases/tags/${tag}`));
  return release.assets?.find((asset) => asset.name === name)?.digest?.replace(/^sha256:/, "");
};

async function read(url, bodyMs = CONNECT_MS) {
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(), CONNECT_MS);
  try {
    const response = await fetch(url, { signal: abort.signal, headers: { "user-agent": "sluice" } });
    if (!response.ok) throw new Error(`${response.status} ${url}`);
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(), bodyMs);
    return Buffer.from(await response.arrayBuffer());
  } finally {
    clearTimeout(timer);
  }
}
