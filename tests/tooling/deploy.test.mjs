// The rollout against a fake account, in a copy of the project, so that nothing is written to this one.
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { inRoot } from "../../scripts/places.mjs";
import { capture } from "../../scripts/process.mjs";

const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A copy of the project with an account of its own; `deploy()` runs the rollout, `account()` looks at what came of it. */
function project(state = {}) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-deploy-"));
  folders.push(folder);
  for (const part of ["scripts", "wrangler.toml", "package.json"]) cpSync(inRoot(part), join(folder, part), { recursive: true });
  symlinkSync(inRoot("node_modules"), join(folder, "node_modules"), "junction");
  mkdirSync(join(folder, "migrations"));
  writeFileSync(join(folder, "migrations", "0001_first.sql"), "CREATE TABLE a (b TEXT) STRICT;");

  const file = join(folder, "account.json");
  const write = (account) => writeFileSync(file, JSON.stringify(account));
  write({ loggedIn: true, accounts: [{ id: "a1", name: "Mine" }], databases: [], calls: [], ...state });
  const account = () => JSON.parse(readFileSync(file, "utf8"));
  return {
    folder,
    account,
    change: (by) => write({ ...account(), calls: [], failing: undefined, ...by }),
    kept: () => JSON.parse(readFileSync(join(folder, ".deployed-secrets.json"), "utf8")),
    deploy: (env = {}) =>
      capture(
        process.execPath,
        [
          "--input-type=module",
          "--eval",
          `const { command } = await import("./scripts/command.mjs");
           const { account } = await import("./scripts/deploy/account.mjs");
           const { rollOut } = await import("./scripts/deploy/rollout.mjs");
           command(async () => { await account(); await rollOut(); });`,
        ],
        {
          cwd: folder,
          env: {
            ...process.env,
            CLOUDFLARE_ACCOUNT_ID: undefined,
            SLUICE_WRANGLER: inRoot("tests", "tooling", "fake-wrangler.mjs"),
            FAKE_ACCOUNT: file,
            ...env,
          },
        },
      ),
  };
}

/** Each call's words before its first option. */
const commands = ({ calls }) => calls.map(({ args }) => args.slice(0, args.findIndex((arg) => arg.startsWith("-")) >>> 0).join(" "));

test("a first deployment makes the database, migrates it, and deploys the code together with new secrets", async () => {
  const { deploy, account, kept, folder } = project();
  const { code, stdout, stderr } = await deploy();
  assert.equal(code, 0, stdout + stderr);

  const { calls, worker, databases } = account();
  assert.deepEqual(databases, [{ name: "sluice", uuid: "uuid-of-sluice" }]);
  assert.deepEqual(commands({ calls }), [
    "whoami", "d1 list", "d1 create sluice", "d1 list", "d1 migrations apply DB", "secret list", "deploy",
  ]);
  assert.ok(calls[4].args.includes("--remote"));
  for (const { args, config } of calls.slice(4)) {
    assert.match(config, /^database_id = "uuid-of-sluice"$/m, args.join(" "));
    assert.match(config, /^main = "build\/index.js"$/m);
  }

  assert.match(worker.secrets.ADMIN_TOKEN, /^[0-9A-Za-z]{48}$/);
  const [id, key] = worker.secrets.SEALING_KEYS.split(":");
  assert.match(id, /^k\d{8}$/);
  assert.equal(Buffer.from(key, "base64").length, 32);

  assert.deepEqual(kept(), worker.secrets);
  if (process.platform !== "win32") assert.equal(statSync(join(folder, ".deployed-secrets.json")).mode & 0o777, 0o600);
  assert.equal(existsSync(calls.at(-1).secretsFile), false, "the file that wrangler read is gone");
  for (const secret of [worker.secrets.ADMIN_TOKEN, key]) {
    assert.ok(!(stdout + stderr).includes(secret), "no secret on the terminal");
  }
  assert.match(stdout, /ADMIN_TOKEN and SEALING_KEYS were new/);
  assert.doesNotMatch(readFileSync(join(folder, "wrangler.toml"), "utf8"), /uuid-of-sluice/, "the tracked file stays as it was");
  assert.doesNotMatch(calls.at(-1).config, /^\s*ALLOW_PRIVATE_UPSTREAMS/m, "private upstreams are off where it is deployed");
});

test("a second deployment upgrades: no new database, no secret touched", async () => {
  const { deploy, account, change } = project();
  await deploy();
  const before = account().worker;
  change({});
  const { code, stdout } = await deploy();
  assert.equal(code, 0);
  assert.deepEqual(account().worker, before);
  assert.deepEqual(commands(account()), ["whoami", "d1 list", "d1 migrations apply DB", "secret list", "deploy"]);
  assert.ok(!account().calls.at(-1).args.includes("--secrets-file"));
  assert.match(stdout, /secrets are as they were/);
});

test("a queue that was switched on is made once, and stays switched on", async () => {
  const { deploy, account, change, folder } = project();
  const file = join(folder, "wrangler.toml");
  const toml = readFileSync(file, "utf8");
  writeFileSync(file, toml.replaceAll(/^# (\[\[queues\..*|(?:binding|queue|dead_letter_queue|max_\w+) = .*)$/gm, "$1"));
  assert.equal((await deploy()).code, 0);
  assert.deepEqual(account().queues, ["sluice-usage", "sluice-usage-dead"]);
  change({});
  assert.equal((await deploy()).code, 0);
  const { calls, queues } = account();
  assert.deepEqual(queues, ["sluice-usage", "sluice-usage-dead"]);
  assert.ok(!commands({ calls }).some((command) => command.startsWith("queues create")));
  assert.match(calls.at(-1).config, /^\[\[queues\.producers\]\]\nbinding = "USAGE_QUEUE"\nqueue = "sluice-usage"$/m);

  change({ queues: [], failing: "queues create" });
  const { code, stdout, stderr } = await deploy();
  assert.equal(code, 1);
  assert.match(stdout + stderr, /queue "sluice-usage" could not be created/);
  assert.ok(!commands(account()).includes("deploy"), "nothing is deployed without it");
});

test("only the secret that is missing is set", async () => {
  const { deploy, account } = project({ worker: { secrets: { SEALING_KEYS: "theirs" } } });
  assert.equal((await deploy()).code, 0);
  const { secrets } = account().worker;
  assert.equal(secrets.SEALING_KEYS, "theirs");
  assert.match(secrets.ADMIN_TOKEN, /^[0-9A-Za-z]{48}$/);
});

test("secrets that cannot be listed are not overwritten: nothing is deployed", async () => {
  const { deploy, account } = project({ worker: { secrets: { SEALING_KEYS: "theirs" } }, failing: "secret list" });
  const { code, stderr } = await deploy();
  assert.equal(code, 1);
  assert.match(stderr, /none was touched and nothing was deployed/);
  assert.equal(account().worker.secrets.SEALING_KEYS, "theirs");
  assert.ok(!commands(account()).some((words) => words.startsWith("deploy")));
});

test("databases that cannot be listed are not created again", async () => {
  const { deploy, account } = project({ failing: "d1 list" });
  const { code, stderr } = await deploy();
  assert.equal(code, 1);
  assert.match(stderr, /network[\s\S]*could not be listed/);
  assert.deepEqual(commands(account()), ["whoami", "d1 list"]);
});

test("a run that broke off at the upload goes on with the same secrets", async () => {
  const { deploy, account, change, kept, folder } = project({ failing: "deploy" });
  assert.equal((await deploy()).code, 1);
  const first = kept();
  assert.deepEqual(readdirSync(folder).filter((name) => name.startsWith(".deployed-secrets")), [".deployed-secrets.json"]);
  change({});
  assert.equal((await deploy()).code, 0);
  assert.deepEqual(account().worker.secrets, first);
});

test("without a login: one line, and no other call", async () => {
  const { deploy, account } = project({ loggedIn: false });
  const { code, stderr } = await deploy();
  assert.equal(code, 1);
  assert.match(stderr, /^Not logged in to Cloudflare: run `npx wrangler login`[^\n]*\n$/);
  assert.deepEqual(commands(account()), ["whoami"]);
});

test("several accounts: one line that lists them; CLOUDFLARE_ACCOUNT_ID chooses", async () => {
  const accounts = [{ id: "a1", name: "Mine" }, { id: "a2", name: "Ours" }];
  const { deploy } = project({ accounts });
  const { code, stderr } = await deploy();
  assert.equal(code, 1);
  assert.match(stderr, /CLOUDFLARE_ACCOUNT_ID=<id>[^\n]*a1 \(Mine\), a2 \(Ours\)\.\n$/);
  assert.equal((await deploy({ CLOUDFLARE_ACCOUNT_ID: "a2" })).code, 0);
});
