// Which model serves a call: conditions, priorities, weights, `auto`, fallbacks, and the explanation of it all.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertAdminError, assertOpenAiError, closingChecks, suite } from './suite.mjs';
import { DRIVERS, WEATHER } from './translation/drivers.mjs';

const e2e = suite({ CONFIG_TTL_MS: '0' });
const MESSAGES = [{ role: 'user', content: 'Say good morning.' }];
let member;
let client;

e2e.before(async () => {
  member = await e2e.mint();
  client = e2e.openai(member.token);
});

/** Providers that all have `model`, each with fields of its own. */
async function serving(model, ...each) {
  const made = [];
  for (const fields of each) {
    const provider = await e2e.provider();
    await e2e.models(provider, [model], fields);
    made.push(provider);
  }
  return made;
}

/** Who served a call of the SDK. */
const servedBy = async (call) => (await call.withResponse()).response.headers.get('x-sluice-provider');
const chat = (body, options) => servedBy(client.chat.completions.create({ messages: MESSAGES, ...body }, options));
const resolved = async (query, body, admin = e2e.as(member.token)) => {
  const answer = body === undefined ? await admin.get(`/api/v1/models/resolve${query}`) : await admin.post(`/api/v1/models/resolve${query}`, body);
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
};

describe('a model with a condition', () => {
  test('takes the streams, the tiers and the tags that it names, and leaves the others to its peers', async () => {
    const [plain, streams, gold, tagged] = await serving('conditional',
      { priority: 5 }, { when: { stream: true } }, { when: { 'metadata.tier': { $in: ['gold', 'platinum'] } }, priority: 1 }, { when: { tags: 'batch' }, priority: 2 });
    const model = 'conditional';
    assert.equal(await chat({ model }), plain.name);
    assert.equal(await chat({ model, metadata: { tier: 'gold' }, store: true }), gold.name);
    assert.equal(await chat({ model, metadata: { tier: 'tin' }, store: true }), plain.name);
    assert.equal(await chat({ model }, { headers: { 'x-sluice-tags': 'nightly, batch' } }), tagged.name);
    const { data: stream, response } = await client.chat.completions.create({ model, messages: MESSAGES, stream: true }).withResponse();
    for await (const _ of stream);
    assert.equal(response.headers.get('x-sluice-provider'), streams.name);
    const sent = e2e.upstream.last(model);
    assert.ok(!('x-sluice-tags' in sent.headers), 'the header is for the gateway');
  });

  test('reads the same of Responses and of Anthropic\'s clients', async () => {
    const [plain, long] = await serving('sized', {}, { when: { max_tokens: { $gte: 1000 }, protocol: { $ne: 'chat_completions' } } });
    const responses = (extra) => servedBy(client.responses.create({ model: 'sized', input: 'hello', ...extra }));
    assert.deepEqual([await responses({}), await responses({ max_output_tokens: 1000 })], [plain.name, long.name]);
    const anthropic = e2e.anthropic(member.token);
    const messages = (max_tokens) => servedBy(anthropic.messages.create({ model: 'sized', max_tokens, messages: MESSAGES }));
    assert.deepEqual([await messages(999), await messages(1000)], [plain.name, long.name]);
    assert.equal(await chat({ model: 'sized', max_completion_tokens: 5000 }), plain.name);
  });

  test('is found by auto where it matches; else the best default is', async () => {
    const [best] = await serving('the-default', { priority: 1000 });
    const [streams] = await serving('for-long-prompts', { when: { input_chars: { $gt: 5000 } }, priority: 1 });
    const long = [{ role: 'user', content: 'x'.repeat(5001) }];
    for (const model of ['auto', '']) {
      assert.equal(await chat({ model }), best.name);
      assert.equal(await chat({ model, messages: long }), streams.name);
    }
    const absent = await e2e.answer('/v1/chat/completions', { messages: MESSAGES }, { token: member.token });
    assert.equal(absent.headers.get('x-sluice-model'), `${best.name}^the-default`, absent.text);
    const listed = await e2e.answer('/v1/models', undefined, { token: member.token, method: 'GET' });
    assert.ok(!listed.body.data.some(({ id }) => id === 'auto'), 'auto is no model');
    const fenced = await e2e.mint({ allowed_models: ['nobody^*'] });
    const refused = await e2e.answer('/v1/chat/completions', { model: 'auto', messages: MESSAGES }, { token: fenced.token });
    assert.equal(assertOpenAiError(refused, 404).code, 'model.not_found');
  });
});

test('equals share the calls by their weights', async () => {
  const [three, one] = await serving('weighted', { weight: 3 }, { weight: 1 });
  const served = await Promise.all(Array.from({ length: 120 }, () => chat({ model: 'weighted' })));
  const count = served.filter((name) => name === three.name).length;
  assert.equal(count + served.filter((name) => name === one.name).length, 120);
  // Fewer than one run in a million lies outside.
  assert.ok(count > 65 && count < 113, `${count} of 120 at weight 3:1`);
});

test('the fallbacks of a model that fails take over, in their order', async () => {
  const [failing] = await serving('mock-error-500', {});
  const [spare] = await serving('fallback-spare', {});
  const [made] = (await e2e.admin.must('GET', `/api/v1/providers/${failing.id}/models`)).data;
  const fallbacks = ['nobody^at-all', `${spare.name}^fallback-spare`];
  await e2e.admin.must('PATCH', `/api/v1/providers/${failing.id}/models/${made.id}`, { fallbacks });
  const { response } = await client.chat.completions.create({ model: made.selector, messages: MESSAGES }).withResponse();
  assert.equal(response.headers.get('x-sluice-provider'), spare.name);
  assert.equal(response.headers.get('x-sluice-attempts'), '2');
});

describe('a conversation', () => {
  for (const Driver of DRIVERS.filter(({ protocol }) => protocol !== 'chat_completions')) {
    test(`of ${Driver.protocol} stays with the account whose reasoning it carries`, async () => {
      const model = 'gpt-5-mock-reason-steps';
      const providers = await Promise.all([1, 2].map(() => e2e.provider({ protocol: 'responses' })));
      for (const provider of providers) await e2e.models(provider, [model]);
      const from = e2e.upstream.records.length;
      for (let number = 0; number < 8; number += 1) {
        const driver = new Driver(e2e, member.token);
        const history = driver.start({ text: `Task ${number}: what is the weather?` });
        const { turns } = await driver.loop(model, { history, tools: [WEATHER], reasoning: true });
        assert.equal(turns.length, 3);
      }
      const sites = e2e.upstream.records.slice(from).filter((record) => record.model === model).map(({ site }) => site);
      assert.equal(sites.length, 24);
      for (let at = 0; at < sites.length; at += 3) assert.equal(new Set(sites.slice(at, at + 3)).size, 1, `conversation ${at / 3}: ${sites.slice(at, at + 3)}`);
      for (const provider of providers) await e2e.admin.must('DELETE', `/api/v1/providers/${provider.id}`);
    });
  }
});

describe('an explanation', () => {
  test('shows the candidates in the order of a call, their shares, their fallbacks and what was dropped and why', async () => {
    const [a, b, c] = await serving('explained', { weight: 3 }, { weight: 1 }, { when: { stream: true } });
    const [spare] = await serving('explained-spare', {});
    const models = await e2e.admin.must('GET', `/api/v1/providers/${a.id}/models`);
    await e2e.admin.must('PATCH', `/api/v1/providers/${a.id}/models/${models.data[0].id}`, { fallbacks: [`${spare.name}^explained-spare`, `${b.name}^explained`] });
    const brief = (entries) => entries.map(({ provider_name: name, reason, share }) => [name, reason, share]);
    const unary = await resolved('?model=explained');
    assert.deepEqual(brief(unary.candidates), [[a.name, 'unconditional', 0.75], [b.name, 'unconditional', 0.25], [c.name, 'when_unmatched', null]]);
    assert.deepEqual(brief(unary.fallbacks).map(([name, reason]) => [name, reason]), [[spare.name, 'fallback'], [b.name, 'repeated']]);
    assert.equal(unary.candidates[0].credential, 'provider');
    const streamed = await resolved('', { model: 'explained', stream: true, messages: MESSAGES });
    assert.deepEqual(brief(streamed.candidates)[0], [c.name, 'when_matched', 1]);
    assert.equal(await chat({ model: `${c.name}^explained` }), c.name);
    assert.equal(e2e.upstream.requestsFor('explained').length, 1, 'only the call was made');
  });

  test('is for whoever may ask, and refuses what a call refuses', async () => {
    const viewer = await e2e.mint({ role: 'viewer' });
    await serving('for-all', {});
    assert.equal((await resolved('?model=for-all', undefined, e2e.as(viewer.token))).may_call, false);
    assertAdminError(await e2e.as(member.token).get('/api/v1/models/resolve?model=nothing-here'), 404, 'model.not_found');
    assertAdminError(await e2e.as(null).get('/api/v1/models/resolve?model=for-all'), 401);
  });
});

closingChecks(e2e);
