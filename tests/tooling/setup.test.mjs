import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { json } from "../../scripts/deploy/ask.mjs";
import { withDatabase } from "../../scripts/deploy/rollout.mjs";
import { filesUnder, fingerprint } from "../../scripts/fingerprint.mjs";
import { cacheFolder, inRoot } from "../../scripts/places.mjs";
import { chosenPort, ensureFree } from "../../scripts/serve/port.mjs";
import { welcome } from "../../scripts/serve/welcome.mjs";
import { atLeast, field, lockedVersion } from "../../scripts/setup/locked.mjs";
import { executable, wasmBindgenTarget, workerBuildTarget } from "../../scripts/setup/platform.mjs";
import { findPython } from "../../scripts/setup/schemathesis.mjs";
import { ensureTerraform } from "../../scripts/setup/terraform.mjs";
import { ensureLocalSecrets, newAdminToken, newSealingKeys, withMissing } from "../../scripts/setup/secrets.mjs";
import { wasmBindgenTool, workerBuildTool } from "../../scripts/setup/tools.mjs";
import { measure } from "../../scripts/size.mjs";

const scratch = mkdtempSync(join(tmpdir(), "sluice-setup-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

describe("Python", () => {
  test("without one that is new enough it is said which is needed, and where it is", async () => {
    const { missing } = await findPython(["no-such-python", process.execPath]);
    assert.match(missing, /Python 3\.10\.0 or newer.*python\.org/);
  });
});

describe("Terraform", () => {
  const program = (version) => {
    const file = join(scratch, `terraform-${version}`);
    writeFileSync(file, `#!/bin/sh\necho '{"terraform_version": "${version}"}'\n`, { mode: 0o755 });
    return file;
  };

  test("without one it is said that it is needed, and how one is named", async () => {
    const { missing } = await ensureTerraform({ PATH: scratch });
    assert.match(missing, /Terraform 1\.11\.0 or newer, and there is none on the PATH.*TERRAFORM/);
    const absent = join(scratch, "no-such-terraform");
    assert.match((await ensureTerraform({ TERRAFORM: absent })).missing, new RegExp(`TERRAFORM is ${absent}, and there is no such file`));
  });

  test("one that is too old is not taken, and one that is new enough is", { skip: process.platform === "win32" && "needs a shell" }, async () => {
    const env = { PATH: process.env.PATH };
    assert.match((await ensureTerraform({ ...env, TERRAFORM: program("1.9.8") })).missing, /is Terraform 1\.9\.8/);
    const newer = program("1.12.0");
    assert.deepEqual(await ensureTerraform({ ...env, TERRAFORM: newer }), { executable: newer });
  });
});

describe("lock files", () => {
  test("a package's version, not that of one whose name it begins", () => {
    const lock = `version = 4

[[package]]
name = "wasm-bindgen-futures"
version = "0.4.79"
dependencies = [
 "wasm-bindgen",
]

[[package]]
name = "wasm-bindgen"
version = "0.2.129"
`;
    assert.equal(lockedVersion(lock, "wasm-bindgen"), "0.2.129");
    assert.throws(() => lockedVersion(lock, "worker"), /no package worker/);
  });

  test("this project's Cargo.lock has what the tools are named by", () => {
    const lock = readFileSync(inRoot("Cargo.lock"), "utf8");
    assert.match(lockedVersion(lock, "wasm-bindgen"), /^\d+\.\d+\.\d+$/);
    assert.match(lockedVersion(lock, "worker"), /^\d+\.\d+\.\d+$/);
  });

  test("package-lock.json names no registry and has every platform's workerd and Node", () => {
    const lock = readFileSync(inRoot("package-lock.json"), "utf8");
    assert.doesNotMatch(lock, /"resolved"/);
    const { packages } = JSON.parse(lock);
    for (const name of ["workerd-darwin-arm64", "workerd-darwin-64", "workerd-linux-64", "workerd-linux-arm64", "workerd-windows-64"]) {
      assert.equal(packages[`node_modules/@cloudflare/${name}`]?.version, packages["node_modules/workerd"].version, name);
    }
    const nodes = Object.keys(JSON.parse(readFileSync(inRoot("package.json"), "utf8")).optionalDependencies);
    assert.equal(nodes.length, 6);
    for (const name of nodes) assert.match(packages[`node_modules/${name}`].integrity, /^sha512-/);
  });

  test("fields and versions", () => {
    assert.equal(field('rust-version = "1.91"\nname = "a"', "name"), "a");
    assert.equal(field('database_name = "a"', "name"), undefined);
    for (const [a, b, yes] of [
      ["1.91.0", "1.91", true],
      ["1.100.0", "1.91", true],
      ["1.90.9", "1.91", false],
      ["22.12.0", "22.12.0", true],
      ["9.9.9", "10", false],
      ["1.95.0-nightly", "1.95.0", true],
    ]) {
      assert.equal(atLeast(a, b), yes, `${a} >= ${b}`);
    }
  });
});

describe("tools", () => {
  test("prebuilt ones by platform, and none where none is published", () => {
    assert.equal(wasmBindgenTarget("linux", "x64"), "x86_64-unknown-linux-musl");
    assert.equal(wasmBindgenTarget("darwin", "arm64"), "aarch64-apple-darwin");
    assert.equal(wasmBindgenTarget("freebsd", "x64"), undefined);
    assert.equal(workerBuildTarget("linux", "arm64"), "aarch64-unknown-linux-gnu");
    assert.equal(executable("wasm-bindgen", "win32"), "wasm-bindgen.exe");
    assert.equal(wasmBindgenTool("0.2.129", null).release, null);
    assert.match(wasmBindgenTool("0.2.129", "aarch64-apple-darwin").release.url, /\/0\.2\.129\/wasm-bindgen-0\.2\.129-aarch64-apple-darwin\.tar\.gz$/);
    assert.match(workerBuildTool("0.8.7", "x86_64-unknown-linux-gnu").release.url, /\/v0\.8\.7\/worker-build-x86_64-unknown-linux-gnu-v0\.8\.7\.tgz$/);
  });

  test("the cache is outside the tree, wherever the system keeps caches", () => {
    assert.equal(cacheFolder({ SLUICE_CACHE: "/c" }, "linux", "/h"), "/c");
    assert.equal(cacheFolder({ XDG_CACHE_HOME: "/x" }, "linux", "/h"), join("/x", "sluice"));
    assert.equal(cacheFolder({}, "linux", "/h"), join("/h", ".cache", "sluice"));
    assert.equal(cacheFolder({ LOCALAPPDATA: "/l" }, "win32", "/h"), join("/l", "sluice"));
  });
});

describe("local secrets", () => {
  test("what is missing is added, what is there stays, comments and all", () => {
    const text = "# mine\nexport ADMIN_TOKEN=abc\n  EMPTY =\nlast=no newline";
    const never = () => assert.fail("made although present");
    const after = withMissing(text, { ADMIN_TOKEN: never, EMPTY: never, last: never, NEW: () => "1" });
    assert.equal(after, `${text}\nNEW=1\n`);
    assert.equal(withMissing(after, { NEW: never }), after);
    assert.equal(withMissing("# OLD=1\n", { OLD: () => "2" }), "# OLD=1\nOLD=2\n");
  });

  test("made once, readable by their owner only", () => {
    const file = join(scratch, "vars");
    ensureLocalSecrets(file);
    const first = readFileSync(file, "utf8");
    assert.match(first, /^ADMIN_TOKEN=[0-9A-Za-z]{48}$/m);
    assert.match(first, /^SEALING_KEYS=k\d{8}:[A-Za-z0-9+/]{43}=$/m);
    assert.match(first, /^ALLOW_PRIVATE_UPSTREAMS=true$/m);
    ensureLocalSecrets(file);
    assert.equal(readFileSync(file, "utf8"), first);
    if (process.platform !== "win32") assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  test("no two alike", () => {
    assert.equal(new Set(Array.from({ length: 100 }, newAdminToken)).size, 100);
    assert.match(newSealingKeys(new Date("2026-11-20T23:00:00Z")), /^k20261120:/);
  });
});

describe("fingerprint", () => {
  test("changes with a name, a byte or a fact, and with nothing else", () => {
    const folder = join(scratch, "tree");
    mkdirSync(join(folder, "src", "deep"), { recursive: true });
    writeFileSync(join(folder, "src", "a.rs"), "a");
    writeFileSync(join(folder, "src", "deep", "b.rs"), "b");
    const of = (facts = ["release"]) => fingerprint(facts, ["src", "absent"], folder);
    assert.deepEqual(filesUnder(folder, "src"), ["src/a.rs", "src/deep/b.rs"]);
    const first = of();
    writeFileSync(join(folder, "src", "a.rs"), "a");
    assert.equal(of(), first);
    assert.notEqual(of(["dev"]), first);
    writeFileSync(join(folder, "src", "a.rs"), "A");
    assert.notEqual(of(), first);
  });
});

describe("serving", () => {
  test("ports", async () => {
    assert.equal(chosenPort(""), 8787);
    assert.equal(chosenPort("9000"), 9000);
    for (const wrong of ["0", "65536", "80.5", "http"]) assert.throws(() => chosenPort(wrong), /PORT=9000 npm start/);

    const server = createServer();
    const port = await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
    await assert.rejects(ensureFree(port), (error) => error.message.includes(`Port ${port} is taken`) && !error.message.includes("\n"));
    await new Promise((resolve) => server.close(resolve));
    await ensureFree(port);
  });

  test("the welcome names the file of the token, not the token", () => {
    const text = welcome("http://localhost:9000");
    assert.match(text, /ADMIN_TOKEN in \.dev\.vars/);
    assert.match(text, /curl -sS http:\/\/localhost:9000\/api\/v1\/providers /);
  });
});

describe("deployment", () => {
  test("the generated configuration differs in the database id alone", () => {
    const toml = readFileSync(inRoot("wrangler.toml"), "utf8");
    const lines = withDatabase(toml, "1234").split("\n").slice(1);
    const changed = toml.split("\n").flatMap((line, i) => (line === lines[i] ? [] : [lines[i]]));
    assert.deepEqual(changed, ['database_id = "1234"']);
  });

  test("JSON is found after warnings, and its absence is no error", () => {
    assert.deepEqual(json('▲ [WARNING] x\n[odd\n[\n {"name": "a"}\n]\n'), [{ name: "a" }]);
    assert.equal(json("no"), undefined);
  });
});

test("the size check", () => {
  assert.equal(measure(Buffer.alloc(1000), 100).ok, true);
  const noise = Buffer.from(Array.from({ length: 300 }, () => Math.random() * 256));
  assert.equal(measure(noise, 100).ok, false);
  assert.match(measure(noise, 100).line, /over the bound of 0\.1 KiB/);
});
