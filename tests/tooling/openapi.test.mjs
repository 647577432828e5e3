// openapi.json under a linter that is not ours.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { inRoot, root } from "../../scripts/places.mjs";

const scratch = mkdtempSync(join(tmpdir(), "sluice-openapi-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** `{ ok, said }`: Redocly's verdict under redocly.yaml. It neither reports home nor looks for a newer one. */
async function lint(file) {
  const cli = inRoot("node_modules", "@redocly", "cli", "bin", "cli.js");
  const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
  const args = [cli, "lint", "--config", inRoot("redocly.yaml"), "--format", "stylish", file];
  const ran = promisify(execFile)(process.execPath, args, { cwd: root, env });
  return ran.then(
    ({ stdout, stderr }) => ({ ok: true, said: stdout + stderr }),
    ({ stdout, stderr }) => ({ ok: false, said: stdout + stderr }),
  );
}

test("openapi.json is free of what Redocly's linter knows to be wrong", async () => {
  const { ok, said } = await lint(inRoot("openapi.json"));
  assert.ok(ok, said);
});

test("the linter notices an example that does not fit, and an operation without a name", async () => {
  const document = JSON.parse(readFileSync(inRoot("openapi.json"), "utf8"));
  const create = document.paths["/api/v1/providers"].post;
  create.requestBody.content["application/json"].examples.usual.value.enabled = "yes";
  delete create.operationId;
  const file = join(scratch, "broken.json");
  writeFileSync(file, JSON.stringify(document));
  const { ok, said } = await lint(file);
  assert.equal(ok, false, said);
  assert.match(said, /no-invalid-media-type-examples/);
  assert.match(said, /operation-operationId/);
});
