// How Google and Bedrock are addressed and paid: base URLs, and each kind of credential.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIENTS, closingChecks, suite } from '../suite.mjs';
import { auth } from '../upstream/rules.mjs';
import { TEXT } from '../upstream/scenario.mjs';

const e2e = suite();
let token;
e2e.before(async () => {
  ({ token } = await e2e.mint());
});

/** Asks `model` of `provider` unary and streamed, and returns the paths that the upstream saw. */
async function asked(provider, model) {
  await e2e.models(provider, [model]);
  const before = e2e.upstream.records.length;
  const wire = CLIENTS.chat_completions;
  for (const extra of [{}, { stream: true }]) {
    const answer = await e2e.answer(wire.path, wire.request(`${provider.name}^${model}`, extra), { token });
    assert.equal(answer.status, 200, answer.text);
    if (!extra.stream) assert.equal(answer.body.choices[0].message.content, TEXT);
  }
  return e2e.upstream.records.slice(before).map(({ url }) => url.slice(provider.name.length + 1));
}

test("Google's base URL may end in nothing or the version", async () => {
  for (const path of ['', '/', '/v1beta', '/v1beta/']) {
    const key = e2e.key('AIzaTest');
    const provider = await e2e.provider({ provider: 'google', api_key: key }, { expected: auth.xGoogApiKey(key), path });
    assert.deepEqual(await asked(provider, 'gemini-3-pro-mock-text'), [
      '/v1beta/models/gemini-3-pro-mock-text:generateContent', '/v1beta/models/gemini-3-pro-mock-text:streamGenerateContent?alt=sse',
    ], `base URL ending in "${path}"`);
  }
});

test("Bedrock takes a bearer key, and a model's id is one segment of the path", async () => {
  const key = e2e.key('ABSKtest');
  const provider = await e2e.provider({ provider: 'bedrock', auth_method: 'bearer', api_key: key, advanced_json: { region: 'us-east-1' } }, { expected: auth.bearer(key), path: '' });
  assert.deepEqual(await asked(provider, 'eu.anthropic.claude-sonnet-4-5-mock-text-v1:0'), [
    '/model/eu.anthropic.claude-sonnet-4-5-mock-text-v1%3A0/converse', '/model/eu.anthropic.claude-sonnet-4-5-mock-text-v1%3A0/converse-stream',
  ]);
});

test('Bedrock takes temporary keys, and ARNs for models', async () => {
  const [accessKeyId, secretAccessKey, sessionToken] = ['ASIATEMPORARY0001', e2e.key('aws/+'), e2e.key('session/+=')];
  const provider = await e2e.provider(
    { provider: 'bedrock', auth_method: 'aws_sigv4', api_key: JSON.stringify({ access_key_id: accessKeyId, secret_access_key: secretAccessKey, session_token: sessionToken }), advanced_json: { region: 'us-east-1' } },
    { expected: auth.sigv4({ accessKeyId, secretAccessKey, sessionToken, region: 'us-east-1' }), path: '' },
  );
  const [unary] = await asked(provider, 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-mock-text-v1:0');
  assert.match(unary, /^\/model\/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus\.anthropic\.[^/]+\/converse$/);
});

test('embeddings and token counts are asked of Google in its own words', async () => {
  const key = e2e.key('AIzaTest');
  const provider = await e2e.provider({ provider: 'google', api_key: key }, { expected: auth.xGoogApiKey(key), path: '/v1beta' });
  await e2e.models(provider, ['gemini-embedding-001', 'gemini-3-pro-mock-text']);
  const embedded = await e2e.openai(token).embeddings.create({ model: `${provider.name}^gemini-embedding-001`, input: ['one', 'two'] });
  assert.deepEqual(embedded.data.map(({ index, embedding }) => [index, embedding]), [[0, [0.25, -0.5, 0.125]], [1, [0.25, -0.5, 0.125]]]);
  const counted = await e2e.anthropic(token).messages.countTokens({ model: `${provider.name}^gemini-3-pro-mock-text`, messages: [{ role: 'user', content: 'hi' }] });
  assert.equal(counted.input_tokens, 42);
});

closingChecks(e2e);
