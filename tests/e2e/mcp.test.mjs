// MCP as agents have it: the official SDKs, the one with a handshake and the one without, over the built Worker.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Client as StatelessClient, StreamableHTTPClientTransport as StatelessTransport } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { connectAgent } from './agent.mjs';
import { PROJECT_ADMIN, assertAdminError, closingChecks, suite } from './suite.mjs';
import { auth } from './upstream/rules.mjs';

const e2e = suite();

const ERAS = {
  '2025-11-25': { Client, Transport: StreamableHTTPClientTransport },
  '2026-07-28': { Client: StatelessClient, Transport: StatelessTransport, options: { versionNegotiation: { mode: { pin: '2026-07-28' } } } },
};

const agents = [];
after(() => Promise.all(agents.map((agent) => agent.close())));

async function agent(revision, token) {
  const connected = await connectAgent(e2e, token, ERAS[revision]);
  agents.push(connected);
  return connected;
}

const structured = (result) => {
  assert.notEqual(result.isError, true, JSON.stringify(result));
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
  return result.structuredContent;
};
const refusal = (result) => {
  assert.equal(result.isError, true, JSON.stringify(result));
  return JSON.parse(result.content[0].text).error;
};

for (const revision of Object.keys(ERAS)) {
  test(`an agent of ${revision} lists the tools and manages providers with them`, async () => {
    const client = await agent(revision, (await e2e.mint(PROJECT_ADMIN)).token);
    assert.equal(client.getServerVersion().name, 'sluice');
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map(({ name }) => name), [
      'list-ai-providers', 'get-ai-provider', 'create-ai-provider', 'update-ai-provider', 'delete-ai-provider',
      'list-models', 'test-model', 'list-available-models', 'get-usage',
      'list-extensions', 'get-extension', 'create-extension', 'update-extension', 'delete-extension',
    ]);
    const hints = Object.fromEntries(tools.map(({ name, annotations }) => [name, annotations]));
    assert.deepEqual([hints['get-usage'].readOnlyHint, hints['delete-ai-provider'].destructiveHint], [true, true]);
    const call = (name, args = {}) => client.callTool({ name, arguments: args });

    const key = e2e.key();
    const secret = await e2e.admin.must('POST', '/api/v1/secrets', { name: e2e.name('secret'), value: key });
    const name = e2e.name('agents');
    const site = e2e.upstream.site(name, auth.bearer(key));
    const made = structured(await call('create-ai-provider', { name, provider: 'openai', baseUrl: `${site.baseUrl}/v1`, secretId: secret.id, defaultModel: 'mock-one' }));
    assert.deepEqual(await e2e.admin.must('GET', `/api/v1/ai-providers/${made.id}`), made);
    assert.deepEqual(structured(await call('get-ai-provider', { aiProviderId: made.id })), made);
    assert.ok(structured(await call('list-ai-providers')).data.some(({ id }) => id === made.id));

    const available = structured(await call('list-available-models', { provider_id: made.id })).data;
    assert.deepEqual(available.map(({ model, configured }) => [model, configured]), [['mock-one', true], ['mock-two', false], ['mock-three', false]]);
    const { data: [model] } = structured(await call('list-models', { provider: name }));
    assert.equal(model.selector, `${name}^mock-one`);
    const tested = structured(await call('test-model', { provider_id: made.id, model_id: model.id }));
    assert.equal(tested.success, true, JSON.stringify(tested));
    await e2e.eventually('the call in the totals', async () => {
      const { data } = structured(await call('get-usage', { group_by: 'provider', provider: made.id }));
      return data.some(({ calls }) => calls === 1);
    });

    assert.equal(structured(await call('update-ai-provider', { aiProviderId: made.id, config: { temperature: 0 } })).config.temperature, 0);
    assert.equal(refusal(await call('create-ai-provider', { name, provider: 'openai' })).code, 'provider.name_conflict');
    assert.equal(refusal(await call('delete-ai-provider', { aiProviderId: made.id, models: 'refuse' })).code, 'provider.in_use');
    assert.deepEqual(structured(await call('delete-ai-provider', { aiProviderId: made.id })), { deleted: true, id: made.id });
    assert.equal(refusal(await call('get-ai-provider', { aiProviderId: made.id })).code, 'not_found');
    await assert.rejects(call('drop-tables'), /no tool `drop-tables`/);
  });

  test(`an agent of ${revision} is held to its token`, async () => {
    const member = await agent(revision, (await e2e.mint()).token);
    assert.deepEqual((await member.listTools()).tools.map(({ name }) => name), ['list-ai-providers', 'get-ai-provider', 'list-models']);
    const refused = refusal(await member.callTool({ name: 'create-ai-provider', arguments: { name: 'x', provider: 'openai' } }));
    assert.deepEqual([refused.code, /CreateAiProvider/.test(refused.message)], ['auth.forbidden', true]);
    await assert.rejects(agent(revision, 'slu_00000000000000000000000000000000000000000000'), /401|Unauthorized|auth/i);
  });
}

test('the door takes POST alone, and no web page', async () => {
  for (const method of ['GET', 'DELETE']) {
    const answer = await e2e.admin.send(method, '/mcp');
    assertAdminError(answer, 405, 'request.method_not_allowed');
    assert.equal(answer.headers.get('allow'), 'POST, OPTIONS');
  }
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
  assertAdminError(await e2e.as(null).post('/mcp', ping), 401, 'auth.invalid_token');
  assertAdminError(await e2e.admin.post('/mcp', ping, { origin: 'https://evil.example' }), 403, 'auth.forbidden');
  const broken = await e2e.admin.post('/mcp', '{"jsonrpc": ');
  assert.deepEqual([broken.status, broken.body.error.code], [400, -32700]);
  const unknown = await e2e.admin.post('/mcp', ping, { 'mcp-protocol-version': '1999-01-01' });
  assert.deepEqual([unknown.status, unknown.body.error.code, unknown.body.error.data.requested], [400, -32022, '1999-01-01']);
  const noted = await e2e.admin.post('/mcp', { jsonrpc: '2.0', method: 'notifications/initialized' });
  assert.deepEqual([noted.status, noted.text], [202, '']);
  assert.equal((await e2e.admin.post('/mcp', ping)).headers.get('cache-control'), 'no-store');
});

closingChecks(e2e);
