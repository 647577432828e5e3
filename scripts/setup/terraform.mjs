// Terraform, with which the provider is tested: one that is there. Nothing of it is downloaded.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { capture } from "../process.mjs";
import { atLeast } from "./locked.mjs";

/** The first that has write-only attributes, which the tests hold the provider to. */
const OLDEST = "1.11.0";

/** `{ executable }`; or `{ missing }`, why there is none and what helps. */
export async function ensureTerraform(env = process.env) {
  const executable = findTerraform(env);
  if (!executable || !existsSync(executable)) {
    const what = env.TERRAFORM ? `TERRAFORM is ${env.TERRAFORM}, and there is no such file` : "there is none on the PATH";
    return { missing: `The Terraform provider is tested with Terraform ${OLDEST} or newer, and ${what}: install it, or name one in TERRAFORM.` };
  }
  const { stdout } = await capture(executable, ["version", "-json"], { env: { ...env, CHECKPOINT_DISABLE: "1" } });
  const version = /"terraform_version":\s*"(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? "0.0.0";
  if (atLeast(version, OLDEST)) return { executable };
  return { missing: `${executable} is Terraform ${version}; the provider's tests need ${OLDEST} or newer.` };
}

function findTerraform(env) {
  if (env.TERRAFORM) return env.TERRAFORM;
  const windows = process.platform === "win32";
  const folders = (env.PATH ?? "").split(windows ? ";" : ":").filter(Boolean);
  return folders.map((folder) => join(folder, windows ? "terraform.exe" : "terraform")).find((file) => existsSync(file));
}
