// The console's pure parts, bundled as they ship, and how it is built.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { facts } from "../../scripts/build/console-api.mjs";
import { staticHeaders } from "../../scripts/build/console-headers.mjs";
import { consoleBytes } from "../../scripts/build/console.mjs";
import { inRoot } from "../../scripts/places.mjs";
import { ensureChromium, findChromium } from "../../scripts/setup/chromium.mjs";
import { measureConsole } from "../../scripts/size.mjs";

const scratch = mkdtempSync(join(tmpdir(), "sluice-console-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

let parts;
before(async () => {
  const outfile = join(scratch, "parts.mjs");
  await build({
    stdin: {
      contents: `
        export { allows } from "./session/may";
        export { match } from "./screens/match";
        export { SCREENS } from "./screens/table";
        export { exactUsd, shortUsd } from "./ui/Money";
        export { parseJson } from "./ui/JsonEditor";`,
      resolveDir: inRoot("console", "src"),
    },
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".css": "empty" },
  });
  parts = await import(pathToFileURL(outfile).href);
});

describe("what a token may do", () => {
  const me = (policies, actions, possible_actions = actions) => ({ policies, actions, possible_actions });

  test("root may do all that the API lists, on any row", () => {
    const root = me(null, ["secrets:DeleteSecret"]);
    assert.ok(parts.allows(root, "secrets:DeleteSecret", []) && parts.allows(root, "secrets:DeleteSecret", ["sec_1"]));
    assert.ok(!parts.allows(null, "secrets:DeleteSecret", []));
  });

  test("what names rows opens those rows and not the collection; a deny wins, also over what lies within", () => {
    const token = me(
      [[
        { effect: "allow", actions: ["aiProviders:*", "MODELS:*"], resources: ["aip_1*"] },
        { effect: "deny", actions: ["*:Delete*"], resources: ["mdl_9", "aip_12"] },
      ]],
      [],
      ["aiProviders:DeleteAiProvider", "models:DeleteModel"],
    );
    const may = (action, ...row) => parts.allows(token, action, row);
    assert.ok(!may("aiProviders:DeleteAiProvider"));
    assert.ok(may("aiProviders:DeleteAiProvider", "aip_11") && !may("aiProviders:DeleteAiProvider", "aip_2"));
    assert.ok(may("models:DeleteModel", "aip_11", "mdl_1") && !may("models:DeleteModel", "aip_11", "mdl_9"));
    assert.ok(!may("models:DeleteModel", "aip_12", "mdl_1"), "a deny of a provider closes its models");
    assert.ok(!may("secrets:ListSecrets", "sec_1"));
  });

  test("a user's bound must allow, too", () => {
    const all = [{ effect: "allow", actions: ["*"], resources: ["*"] }];
    const some = [{ effect: "allow", actions: ["models:ListModels"], resources: ["*"] }];
    assert.ok(parts.allows(me([all], [], ["models:DeleteModel"]), "models:DeleteModel", ["mdl_1"]));
    assert.ok(!parts.allows(me([all, some], [], ["models:DeleteModel"]), "models:DeleteModel", ["mdl_1"]));
  });

  test("a pattern is no regular expression", () => {
    const token = me([[{ effect: "allow", actions: ["secrets:GetSecret"], resources: ["sec.1", "sec_(*"] }]], [], ["secrets:GetSecret"]);
    assert.ok(!parts.allows(token, "secrets:GetSecret", ["secX1"]) && parts.allows(token, "secrets:GetSecret", ["sec_(2"]));
  });
});

describe("screens", () => {
  test("the longest path that fits wins, with what its names took and what follows", () => {
    const at = (address) => {
      const found = parts.match(parts.SCREENS, address);
      return found && [found.screen.path, found.params, found.rest];
    };
    assert.deepEqual(at("/"), ["/", {}, []]);
    assert.deepEqual(at("/providers/aip_1"), ["/providers", {}, ["aip_1"]]);
    assert.deepEqual(at("/providers/aip_1/models/mdl_2/edit"), ["/providers/:provider_id/models", { provider_id: "aip_1" }, ["mdl_2", "edit"]]);
    assert.deepEqual(at("/users/a%20b/"), ["/users", {}, ["a b"]]);
    assert.deepEqual(at("/users/%"), ["/users", {}, ["%"]]);
    assert.equal(at("/secret"), null);
  });

  test("none is where the API is", () => {
    for (const { path } of parts.SCREENS) assert.doesNotMatch(path, /^\/(v1|api|mcp|healthz|openapi\.json|chat|responses|messages|embeddings|models)(\/|$)/);
  });
});

test("wrangler.toml gives each screen's address to the console, and no other", () => {
  const rules = [...readFileSync(inRoot("wrangler.toml"), "utf8").matchAll(/"!(\/[^"]*)"/g)].map(([, path]) => path);
  const beginnings = [...new Set(parts.SCREENS.map(({ path }) => `/${path.split("/")[1]}`))];
  const wanted = beginnings.flatMap((path) => (path === "/" ? [path] : [path, `${path}/*`]));
  assert.deepEqual(rules.toSorted(), [...wanted, "/assets/*", "/icon.svg"].toSorted());
});

test("money is shown to the last nano-dollar", () => {
  for (const [usd, exact, short] of [
    [0, "0.00", "$0.00"],
    [0.000000001, "0.000000001", "$0.000000001"],
    [0.00012345, "0.00012345", "$0.00012"],
    [0.5, "0.50", "$0.50"],
    [0.123, "0.123", "$0.12"],
    [1234.5678, "1234.5678", "$1,234.57"],
  ]) {
    assert.deepEqual([parts.exactUsd(usd), parts.shortUsd(usd)], [exact, short]);
  }
});

test("JSON that is none is told by its line", () => {
  assert.deepEqual(parts.parseJson(" "), { ok: true, value: null });
  assert.deepEqual(parts.parseJson('{"a": 1}'), { ok: true, value: { a: 1 } });
  const { ok, error } = parts.parseJson('{\n  "a": 1,\n  b\n}');
  assert.equal(ok, false);
  assert.match(error, /^Line 3 is not JSON: /);
});

describe("the build", () => {
  test("knows the actions and the requests of a project from openapi.json", () => {
    const made = facts({
      paths: {
        "/api/v1/secrets": { get: { description: "Takes the action `secrets:ListSecrets`.", parameters: [{ $ref: "#/components/parameters/query-project_id" }] } },
        "/api/v1/me": { get: { description: "Any valid token may." } },
      },
    });
    assert.match(made, /type Action = "secrets:ListSecrets";/);
    assert.match(made, /\["GET \/api\/v1\/secrets"\]/);
  });

  test("forbids everything that the page does not need", () => {
    assert.match(staticHeaders([]), /content-security-policy: default-src 'none'; script-src 'self'; style-src 'self';/);
    assert.doesNotMatch(staticHeaders(["a-1.js"]), /unsafe|https?:/);
  });

  test("counts what a browser downloads, and holds it to its bound", () => {
    mkdirSync(join(scratch, "files"));
    writeFileSync(join(scratch, "files", "a.js"), "x".repeat(10_000));
    writeFileSync(join(scratch, "files", "openapi.json"), "{}");
    const bytes = consoleBytes(join(scratch, "files"));
    assert.ok(bytes > 20 && bytes < 200, `${bytes}`);
    assert.deepEqual(measureConsole(50_000), { ok: true, line: "console: gzipped 50.0 KB (bound 100.0 KB)" });
    assert.equal(measureConsole(100_001).ok, false);
  });
});

test("a Chromium that is named is taken, and one that is not there is said to be missing", async () => {
  assert.deepEqual(findChromium({ CHROMIUM: process.execPath }), { executable: process.execPath });
  const { missing } = await ensureChromium({ CHROMIUM: join(scratch, "none"), PATH: "" });
  assert.match(missing, /^CHROMIUM is .*none, and there is no such file\.$/);
});
