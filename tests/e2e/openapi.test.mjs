// The real Worker against its own description: Schemathesis asks whatever /openapi.json allows, and much that it does not, and
// holds the answers against it. No 5xx, no undocumented status, no body of another shape, nothing invalid accepted.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { capture, stopChildren } from '../../scripts/process.mjs';
import { ensureSchemathesis } from '../../scripts/setup/schemathesis.mjs';
import { suite } from './suite.mjs';
import { configured, EXTENSIONS } from './switches.mjs';

/** What Schemathesis is given: the document, but for keys where a body that fits must be accepted. The same key with another body is not. */
const copy = () => {
  const document = JSON.parse(readFileSync(DOCUMENT, 'utf8'));
  for (const { post } of ['projects', 'secrets', 'users'].map((resource) => document.paths[`/api/v1/${resource}`])) {
    post.parameters = (post.parameters ?? []).filter(({ $ref }) => !$ref?.endsWith('/idempotency-key'));
  }
  const file = join(mkdtempSync(join(tmpdir(), 'sluice-openapi-')), 'openapi.json');
  writeFileSync(file, JSON.stringify(document));
  return file;
};

const { command, missing: skip = false } = await ensureSchemathesis();
const CONFIG = fileURLToPath(new URL('schemathesis.toml', import.meta.url));
const DOCUMENT = fileURLToPath(new URL('../../openapi.json', import.meta.url));

/** What calls an upstream: never with providers that Schemathesis has made up, whose addresses could be anybody's. */
const CALLS_UPSTREAM = '^/v1/|^/mcp|/(available-models|import-models|test|fetch)$';

const e2e = suite({ CONFIG_TTL_MS: '0' });
// Without the binding an upload's answer is 503, which Schemathesis takes for a fault.
e2e.worker.config = configured(EXTENSIONS);
const document = copy();
after(async () => {
  await stopChildren();
  rmSync(dirname(document), { recursive: true, force: true });
});

let member;
e2e.before(async () => {
  // The names of the document's examples.
  await e2e.models(await e2e.provider({ name: 'OpenAI' }), ['gpt-5-mini', 'text-embedding-3-small']);
  await e2e.models(await e2e.anthropicProvider({ name: 'Anthropic' }), ['claude-haiku-4-5']);
  const user = await e2e.admin.must('POST', '/api/v1/users', { name: 'member' });
  member = await e2e.mint({ user_id: user.id });
});

/** Runs Schemathesis with a token. It is deterministic: what it asks depends on the document and on the answers only. */
async function ask(token, args) {
  const { code, stdout, stderr } = await capture(command[0], [
    ...command.slice(1), '--config-file', CONFIG, 'run', document, '--url', e2e.worker.url, '--header', `Authorization: Bearer ${token}`,
    '--generation-deterministic', '--continue-on-failure', '--no-color', '--warnings', 'off', ...args,
  ], {
    // It leaves what it found where it runs.
    cwd: dirname(document),
    env: { ...process.env, PYTHONIOENCODING: 'utf-8' },
  });
  assert.equal(code, 0, stdout + stderr);
  const [, cases] = /(\d+) generated/.exec(stdout) ?? assert.fail(stdout);
  return Number(cases);
}

test('the Worker serves the document that is checked in, to anybody', async () => {
  const answer = await e2e.as(null).get('/openapi.json');
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.headers.get('content-type'), /^application\/json/);
  assert.ok(answer.text === readFileSync(DOCUMENT, 'utf8'), 'the Worker was built with another openapi.json');
});

// Before root's run: a member makes no providers, so that its calls reach the mock upstream alone.
test("a member's requests are answered as the document says, calls of models included", { skip }, async () => {
  const cases = await ask(member.token, ['--phases', 'examples,fuzzing', '--max-examples', '5']);
  assert.ok(cases > 150, `${cases} requests only`);
});

test("root's requests are answered as the document says", { skip }, async () => {
  const cases = await ask(e2e.adminToken, ['--exclude-path-regex', CALLS_UPSTREAM, '--max-examples', '5']);
  assert.ok(cases > 1500, `${cases} requests only`);
});

test('none of it made the Worker panic', () => {
  assert.doesNotMatch(e2e.worker.output, /panicked at|RuntimeError: unreachable/);
});
