// The Terraform provider, as the tests use it: a debug build in terraform/target, apart from everything else.
import { inRoot, root } from "../places.mjs";
import { capture } from "../process.mjs";
import { Stop } from "../stop.mjs";

export const providerManifest = inRoot("terraform", "Cargo.toml");

/** Builds it, and returns the folder that the program is in. */
export async function buildTerraformProvider() {
  const folder = inRoot("terraform", "target");
  const args = ["build", "--locked", "--manifest-path", providerManifest, "--target-dir", folder];
  const { code, stderr } = await capture("cargo", args, { cwd: root });
  if (code !== 0) throw new Stop(`${stderr}\nThe Terraform provider cannot be built.`);
  return inRoot("terraform", "target", "debug");
}
