// The Terraform provider, as the tests use it: a debug build in terraform/target, apart from everything else.
import { inRoot, root } from "../places.mjs";
import { capture, teed } from "../process.mjs";
import { Stop } from "../stop.mjs";

const cargo = (verb) => [
  verb, "--locked", "--manifest-path", inRoot("terraform", "Cargo.toml"), "--target-dir", inRoot("terraform", "target"),
];

/** Builds it, and returns the folder that the program is in. */
export async function buildTerraformProvider() {
  const { code, stderr } = await capture("cargo", cargo("build"), { cwd: root });
  if (code !== 0) {
    throw new Stop(
      `${stderr}\nThe Terraform provider cannot be built. If the product's dependencies have changed: ` +
        "`cargo update --workspace --manifest-path terraform/Cargo.toml`.",
    );
  }
  return inRoot("terraform", "target", "debug");
}

/** Runs the provider's own tests: `{ code, output }`. */
export const testTerraformProvider = (env = process.env) => teed("cargo", cargo("test"), { cwd: root, env });
