// One day of a gateway: an operator works through document 002's door, an agent reads and edits over MCP, a script checks by
// document 001, a member calls models, and the audit log tells it all afterwards.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { connectAgent } from './agent.mjs';
import { PROJECT_ADMIN, closingChecks, suite } from './suite.mjs';
import { auth } from './upstream/rules.mjs';
import { TEXT } from './upstream/scenario.mjs';

const e2e = suite();
const PANEL = '/api/admin/providers';
const NAME = 'OpenAI';
const RENAMED = 'OpenAI (company)';

const people = {};
const day = { requests: {} };
let agent;
after(() => agent?.close());

e2e.before(async () => {
  const user = (name, role) => e2e.admin.must('POST', '/api/v1/users', { name, role });
  const [olga, mia] = [await user('Olga', 'admin'), await user('Mia', 'member')];
  people.operator = { ...await e2e.mint({ name: 'console', user_id: olga.id, ...PROJECT_ADMIN }), user: olga.id };
  people.member = { ...await e2e.mint({ name: 'laptop', user_id: mia.id }), user: mia.id };
  people.agent = await e2e.mint({
    name: 'keeper', role: undefined,
    policy: [
      { effect: 'allow', actions: ['aiProviders:*', 'models:*', 'usage:ListUsage', 'llm:Invoke'] },
      { effect: 'deny', actions: ['aiProviders:DeleteAiProvider', 'aiProviders:CreateAiProvider'] },
    ],
  });
  people.script = await e2e.mint({ name: 'nightly check', role: 'viewer' });
  for (const person of Object.values(people)) person.api = e2e.as(person.token);
  agent = await connectAgent(e2e, people.agent.token);
});

const tool = async (name, args = {}) => {
  const result = await agent.callTool({ name, arguments: args });
  assert.notEqual(result.isError, true, JSON.stringify(result));
  return result.structuredContent;
};
const refusedTool = async (name, args) => JSON.parse((await agent.callTool({ name, arguments: args })).content[0].text).error;
const did = (what, answer, status = 200) => {
  assert.equal(answer.status, status, answer.text);
  day.requests[what] = answer.headers.get('x-request-id');
  return answer.body;
};

test('the operator adds a provider in the panel, fetches its models, and gives it its name', async () => {
  const { api } = people.operator;
  const key = e2e.key();
  day.site = e2e.upstream.site('story', auth.bearer(key));
  const made = did('added', await api.post(PANEL, { name: NAME, type: 'openai', base_url: `${day.site.baseUrl}/v1`, api_key: key, enabled: true }), 201);
  assert.deepEqual([made.name, made.type, made.enabled, made.api_key_configured, made.models_count], [NAME, 'openai', true, true, 0]);
  day.provider = made.id;
  const fetched = did('fetched', await api.post(`${PANEL}/${made.id}/fetch`));
  assert.deepEqual([fetched.success, fetched.models_fetched, fetched.models_imported], [true, 3, 3]);
  const renamed = did('renamed', await api.put(`${PANEL}/${made.id}`, { name: RENAMED }));
  assert.deepEqual([renamed.name, renamed.models_count], [RENAMED, 3]);
});

test('the agent sees it, tries its models, and makes the one that answers the default', async () => {
  const { tools } = await agent.listTools();
  assert.ok(!tools.some(({ name }) => /^(create|delete)-/.test(name)), 'what its policy denies is not offered');
  const [seen] = (await tool('list-ai-providers')).data;
  assert.deepEqual([seen.id, seen.name, seen.defaultModel], [day.provider, RENAMED, 'mock-one']);
  const { data: models } = await tool('list-models', { provider: day.provider });
  assert.deepEqual(models.map(({ selector }) => selector), ['mock-one', 'mock-two', 'mock-three'].map((model) => `${RENAMED}^${model}`));
  assert.ok((await tool('list-available-models', { provider_id: day.provider })).data.every(({ configured }) => configured));
  const two = models.find(({ model }) => model === 'mock-two');
  const tested = await tool('test-model', { provider_id: day.provider, model_id: two.id });
  assert.deepEqual([tested.success, tested.output_text], [true, TEXT]);
  const changed = await tool('update-ai-provider', { aiProviderId: day.provider, defaultModel: 'mock-two', config: { temperature: 0.25 } });
  assert.deepEqual([changed.defaultModel, changed.config], ['mock-two', { temperature: 0.25 }]);
  assert.equal((await refusedTool('delete-ai-provider', { aiProviderId: day.provider })).code, 'auth.forbidden');
});

test('the script finds by document 001 what the others left, and may change nothing', async () => {
  const { api } = people.script;
  const all = did('checked', await api.get('/api/v1/ai-providers'));
  assert.deepEqual(all.map(({ id, name, provider, defaultModel }) => ({ id, name, provider, defaultModel })), [
    { id: day.provider, name: RENAMED, provider: 'openai', defaultModel: 'mock-two' },
  ]);
  assert.equal(all[0].config, null, 'how a provider is called is for those who manage it');
  assert.equal(all[0].baseUrl, `${day.site.baseUrl}/v1`);
  const refused = await api.patch(`/api/v1/ai-providers/${day.provider}`, { name: 'mine' });
  assert.equal(refused.status, 403);
  assert.deepEqual([Object.keys(refused.body), typeof refused.body.error], [['error'], 'string']);
});

test('the member picks a model and calls it, with either vendor\'s SDK', async () => {
  const { api, token } = people.member;
  const { models } = (await api.get('/api/models')).body;
  assert.deepEqual(models.map(({ selector, is_default }) => [selector, is_default]), [
    [`${RENAMED}^mock-one`, false], [`${RENAMED}^mock-two`, true], [`${RENAMED}^mock-three`, false],
  ]);
  const hello = [{ role: 'user', content: 'hello' }];
  const { data, response } = await e2e.openai(token).chat.completions.create({ model: models[0].selector, messages: hello }).withResponse();
  assert.equal(data.choices[0].message.content, TEXT);
  assert.equal(response.headers.get('x-sluice-model'), models[0].selector);
  const byName = await e2e.anthropic(token).messages.create({ model: RENAMED, max_tokens: 100, messages: hello }).withResponse();
  assert.equal(byName.data.content[0].text, TEXT);
  assert.equal(byName.response.headers.get('x-sluice-model'), models[1].selector, 'the provider\'s name alone is the agent\'s default');
  const sent = e2e.upstream.records.filter(({ site, model }) => site === 'story' && model === 'mock-two').at(-1);
  assert.equal(JSON.parse(sent.body).temperature, 0.25, 'with what the agent wrote into its config');
  for (const { headers } of [response, byName.response]) await e2e.usage(headers.get('x-request-id'));
});

test('the agent reads what the member\'s calls came to', async () => {
  const { data } = await tool('get-usage', { group_by: 'user,model', provider: day.provider });
  const mias = data.filter(({ user_id }) => user_id === people.member.user);
  assert.deepEqual(mias.map(({ model, calls }) => [model, calls]).sort(), [['mock-one', 1], ['mock-two', 1]]);
});

test('the operator switches the provider off: gone for the member, there for who manages it, and back as it was', async () => {
  const { operator, member } = people;
  const call = () => e2e.answer('/v1/chat/completions', { model: `${RENAMED}^mock-one`, messages: [{ role: 'user', content: 'hello' }] }, { token: member.token });
  did('switched off', await operator.api.put(`${PANEL}/${day.provider}/toggle`, { enabled: false }));
  assert.deepEqual([(await member.api.get('/api/models')).body, (await member.api.get('/api/providers')).body], [{ models: [] }, { providers: [] }]);
  const refused = await call();
  assert.deepEqual([refused.status, refused.body.error.code], [403, 'provider.disabled']);
  assert.equal((await tool('list-ai-providers')).data.length, 1);
  did('switched on', await operator.api.put(`${PANEL}/${day.provider}/toggle`, { enabled: true }));
  assert.equal((await call()).status, 200);
  did('deleted', await operator.api.delete(`${PANEL}/${day.provider}`));
  assert.equal((await call()).status, 404);
  assert.deepEqual([(await tool('list-ai-providers')).data, did('checked again', await people.script.api.get('/api/v1/ai-providers'))], [[], []]);
});

test('the audit log tells who did all that, and nothing of who only looked or was refused', async () => {
  const { data } = await people.operator.api.must('GET', `/api/v1/audit-log?resource_id=${day.provider}`);
  const { operator, agent: keeper } = people;
  const told = data.reverse().map(({ actor_id, actor_name, user_id, action, fields }) => [actor_id, actor_name, user_id, action, fields]);
  const of = ({ id, user = null }, name) => [id, name, user];
  assert.deepEqual(told, [
    [...of(operator, 'console'), 'aiProviders:CreateAiProvider', ['name', 'provider', 'base_url', 'api_key', 'enabled']],
    [...of(operator, 'console'), 'models:ImportModels', ['models']],
    [...of(operator, 'console'), 'aiProviders:UpdateAiProvider', ['name']],
    [...of(keeper, 'keeper'), 'aiProviders:UpdateAiProvider', ['default_model', 'advanced_json']],
    [...of(operator, 'console'), 'aiProviders:UpdateAiProvider', ['enabled']],
    [...of(operator, 'console'), 'aiProviders:UpdateAiProvider', ['enabled']],
    [...of(operator, 'console'), 'aiProviders:DeleteAiProvider', []],
  ]);
  const requests = data.filter(({ actor_id }) => actor_id === operator.id).map(({ request_id }) => request_id);
  assert.deepEqual(requests, ['added', 'fetched', 'renamed', 'switched off', 'switched on', 'deleted'].map((what) => day.requests[what]));
  const readers = await people.operator.api.must('GET', `/api/v1/audit-log?actor=${people.script.id}`);
  assert.deepEqual(readers.data, []);
});

closingChecks(e2e);
