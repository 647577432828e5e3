// The mock upstream itself, called directly: what it answers is what the vendors' SDKs read, and it refuses what the vendors refuse.
// No Worker runs here.

import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { read, sseEvents } from './client.mjs';
import { AnthropicDriver, ChatDriver, ResponsesDriver, WEATHER } from './translation/drivers.mjs';
import { frames } from './upstream/aws-event-stream.mjs';
import { startUpstream } from './upstream/mock.mjs';
import { auth } from './upstream/rules.mjs';
import { ARGUMENTS, CUSTOM_INPUT, REASONING, TEXT } from './upstream/scenario.mjs';
import { SIGNATURE_SENTINEL, claudeSignature } from './upstream/signatures.mjs';

const KEY = 'mock-test-key-0001';
const KEYS = { accessKeyId: 'AKIAMOCKTEST', secretAccessKey: 'secret/of+mock', sessionToken: 'session+token==', region: 'eu-central-1' };
let upstream;
let sites;

before(async () => {
  upstream = await startUpstream();
  const open = (name, expected) => Object.assign(upstream.site(name, expected), { direct: true });
  sites = { bearer: open('bearer', auth.bearer(KEY)), claude: open('claude', auth.xApiKey(KEY)), google: open('google', auth.xGoogApiKey(KEY)), aws: open('aws', auth.sigv4(KEYS)) };
});
after(() => upstream.close());

/** What the drivers want of a suite, with the mock in the Worker's place. */
const direct = {
  fetch: (url, init) => fetch(url, init),
  openai: (token, options) => new OpenAI({ apiKey: KEY, baseURL: `${sites.bearer.baseUrl}/v1`, maxRetries: 0, ...options }),
  // The SDK sends its key as a bearer token; the site wants it where its own documentation has it.
  anthropic: (token, options) => new Anthropic({ apiKey: KEY, baseURL: sites.claude.baseUrl, maxRetries: 0, ...options, fetch: (url, init) => {
    const headers = new Headers(init.headers);
    headers.delete('authorization');
    headers.set('x-api-key', KEY);
    return options.fetch(url, { ...init, headers });
  } }),
};

const DIRECT = [[ChatDriver, 'gpt-4.1', 'deepseek-v4'], [ResponsesDriver, 'gpt-4.1', 'gpt-5'], [AnthropicDriver, 'claude-sonnet-4-5', 'claude-opus-4-8']];

for (const [Driver, family, thinker] of DIRECT) {
  describe(`${Driver.protocol} by its own SDK`, () => {
    test('text, tools and reasoning are the same unary and streamed, and loops come to an end', async () => {
      for (const mode of ['unary', 'stream', 'helper']) {
        const driver = new Driver(direct, KEY);
        assert.equal((await driver.turn(`${family}-mock-text`, driver.start({ text: 'hi' }), { mode })).text, TEXT, mode);
      }
      for (const mode of ['unary', 'stream']) {
        for (const [model, rounds] of [[`${family}-mock-tools`, 2], [`${family}-mock-parallel`, 2], [`${family}-mock-noargs`, 2], [`${family}-mock-steps`, 3]]) {
          const { turn, turns } = await new Driver(direct, KEY).loop(model, { mode, tools: [WEATHER] });
          assert.deepEqual([turns.length, turn.text], [rounds, TEXT], `${mode} ${model}`);
        }
        const reasoning = Driver === AnthropicDriver ? 'adaptive' : true;
        const { turns } = await new Driver(direct, KEY).loop(`${thinker}-mock-reason-steps`, { mode, tools: [WEATHER], reasoning: Driver === ChatDriver ? false : reasoning });
        assert.deepEqual([turns.length, turns[0].reasoning], [3, REASONING], mode);
      }
      assert.deepEqual(upstream.takeFaults(), []);
    });
  });
}

const bearer = { authorization: `Bearer ${KEY}` };
const post = async (site, path, body, headers = bearer) => read(await fetch(site.baseUrl + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }));
const CLAUDE = { 'x-api-key': KEY, 'anthropic-version': '2023-06-01' };
const GOOGLE = { 'x-goog-api-key': KEY };
const gemini = (model, body, method = 'generateContent') => post(sites.google, `/v1beta/models/${model}:${method}`, body, GOOGLE);

/** Signs as AWS documents, not as the mock verifies: `encode` once for the wire, once more for the signature. */
function signed(path, body, { keys = KEYS, at = new Date() } = {}) {
  const when = at.toISOString().replace(/[-:]|\.\d+/g, '');
  const headers = { 'content-type': 'application/json', host: upstream.host, 'x-amz-date': when, 'x-amz-security-token': keys.sessionToken };
  const sha = (text) => createHash('sha256').update(text).digest('hex');
  const names = Object.keys(headers).sort();
  const canonical = ['POST', path.replaceAll('%', '%25'), '', ...names.map((name) => `${name}:${headers[name]}`), '', names.join(';'), sha(body)].join('\n');
  const scope = `${when.slice(0, 8)}/${keys.region}/bedrock/aws4_request`;
  const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
  const key = hmac(hmac(hmac(hmac(`AWS4${keys.secretAccessKey}`, when.slice(0, 8)), keys.region), 'bedrock'), 'aws4_request');
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${when}\n${scope}\n${sha(canonical)}`).toString('hex');
  const { host: _, ...sent } = headers;
  return { ...sent, authorization: `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}` };
}
const MODEL = encodeURIComponent('us.anthropic.claude-sonnet-4-5-mock-reason-tools-v1:0');
const converse = async (body, { operation = 'converse', model = MODEL, sign = {}, tamper = (text) => text } = {}) => {
  const path = `/aws/model/${model}/${operation}`;
  const text = JSON.stringify(body);
  return read(await fetch(`http://${upstream.host}${path}`, { method: 'POST', headers: signed(path, text, sign), body: tamper(text) }));
};

describe('Gemini', () => {
  const contents = [{ role: 'user', parts: [{ text: 'hi' }] }];
  const tools = [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: WEATHER.schema }] }];

  test('unary, streamed and counted', async () => {
    const { body } = await gemini('gemini-3-pro-mock-tools', { contents, tools });
    const [part] = body.candidates[0].content.parts;
    assert.deepEqual([part.functionCall.args, body.candidates[0].finishReason], [JSON.parse(ARGUMENTS), 'STOP']);
    const { text } = await gemini('gemini-2.5-flash-mock-text', { contents }, 'streamGenerateContent?alt=sse');
    assert.equal(sseEvents(text).map(({ data }) => JSON.parse(data).candidates[0].content.parts[0].text).join(''), TEXT);
    assert.equal((await gemini('gemini-3-pro', { contents }, 'countTokens')).body.totalTokens, 42);
    const embedded = await gemini('gemini-embedding-001', { requests: [{ model: 'models/gemini-embedding-001', content: { parts: [{ text: 'x' }] } }] }, 'batchEmbedContents');
    assert.equal(embedded.body.embeddings.length, 1);
    const limited = await gemini('gemini-3-pro-mock-429', { contents });
    assert.deepEqual([limited.status, limited.headers.get('retry-after'), limited.body.error.details[0].retryDelay], [429, null, '7s']);
    assert.deepEqual(upstream.takeFaults(), []);
  });

  test('a call of Gemini 3 has to come back with its signature or the sentinel', async () => {
    const { body } = await gemini('gemini-3-pro-mock-tools', { contents, tools });
    const [part] = body.candidates[0].content.parts;
    const again = (signature) => gemini('gemini-3-pro-mock-tools', { tools, contents: [...contents, { role: 'model', parts: [{ ...part, thoughtSignature: signature }] },
      { role: 'user', parts: [{ functionResponse: { name: 'weather', id: part.functionCall.id, response: { output: 'sunny' } } }] }] });
    for (const good of [part.thoughtSignature, SIGNATURE_SENTINEL]) assert.equal((await again(good)).status, 200);
    for (const bad of [undefined, 'AAAA', part.thoughtSignature.replace(/^./, 'Z')]) assert.equal((await again(bad)).status, 400, String(bad));
    assert.equal(upstream.takeFaults().length, 3);
  });
});

describe('Bedrock', () => {
  const request = {
    messages: [{ role: 'user', content: [{ text: 'hi' }] }], inferenceConfig: { maxTokens: 4000 }, additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 1024 } },
    toolConfig: { tools: [{ toolSpec: { name: 'weather', inputSchema: { json: WEATHER.schema } } }] },
  };

  test('a signed call is answered, unary and as a binary stream with right checksums', async () => {
    const { status, body, text } = await converse(request);
    assert.equal(status, 200, text);
    assert.deepEqual(body.output.message.content[0].reasoningContent.reasoningText, { text: REASONING, signature: claudeSignature(REASONING) });
    const streamed = await converse(request, { operation: 'converse-stream' });
    const events = frames(streamed.bytes);
    assert.deepEqual([events[0].headers[':event-type'], events.at(-1).headers[':event-type']], ['messageStart', 'metadata']);
    assert.equal(events.map(({ payload }) => payload.delta?.toolUse?.input ?? '').join(''), ARGUMENTS);
    const broken = await converse(request, { operation: 'converse-stream', model: 'amazon.claude-sonnet-4-5-mock-error-mid-stream' });
    assert.equal(frames(broken.bytes).at(-1).headers[':exception-type'], 'modelStreamErrorException');
    assert.equal((await converse(request, { model: 'claude-sonnet-4-5-mock-429' })).headers.get('x-amzn-errortype').split(':')[0], 'ThrottlingException');
    assert.deepEqual(upstream.takeFaults(), []);
  });

  test('a signature of another key, region, time or body is refused', async () => {
    const wrong = [
      { sign: { keys: { ...KEYS, secretAccessKey: 'another' } } }, { sign: { keys: { ...KEYS, region: 'us-east-1' } } }, { sign: { keys: { ...KEYS, sessionToken: 'another' } } },
      { sign: { at: new Date(Date.now() - 600_000) } }, { tamper: (text) => text.replace('hi', 'ho') },
    ];
    for (const options of wrong) {
      assert.equal((await converse(request, options)).status, 400);
      assert.notEqual(upstream.takeFaults().length, 0, JSON.stringify(options));
    }
  });
});

// ---- What each vendor refuses: `[why, request]` over a request that is fine ----

const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{}' } };
const chat = { model: 'gpt-4.1-mock-text', messages: [{ role: 'user', content: 'hi' }] };
const responses = { model: 'gpt-5-mock-text', input: [{ role: 'user', content: 'hi' }] };
const claude = { model: 'claude-sonnet-4-5-mock-text', max_tokens: 2000, messages: [{ role: 'user', content: 'hi' }] };
const used = { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} }] };
const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'x' };
const turn = (role, ...parts) => ({ role, parts });
const user = turn('user', { text: 'hi' });
const called = { functionCall: { name: 'weather', args: {} } };
const answered = { functionResponse: { name: 'weather', response: { output: 1 } } };
const bedrockUser = { role: 'user', content: [{ text: 'hi' }] };
const toolUse = { role: 'assistant', content: [{ toolUse: { toolUseId: 't1', name: 'weather', input: {} } }] };
const toolConfig = { tools: [{ toolSpec: { name: 'weather', inputSchema: { json: { type: 'object' } } } }] };

const REFUSALS = {
  'Chat Completions': [(body) => post(sites.bearer, '/v1/chat/completions', body), chat, [
    ['an unknown field', { thinking: {} }], ['an unknown field in a message', { messages: [{ role: 'user', content: 'hi', cache_control: {} }] }],
    ['reasoning_content from OpenAI\'s models', { messages: [...chat.messages, { role: 'assistant', content: 'x', reasoning_content: 'y' }] }],
    ['a call without a result', { messages: [...chat.messages, { role: 'assistant', content: null, tool_calls: [call] }, { role: 'user', content: 'x' }] }],
    ['a result without a call', { messages: [...chat.messages, { role: 'tool', tool_call_id: 'call_1', content: 'x' }] }],
    ['a long call id', { messages: [...chat.messages, { role: 'assistant', content: null, tool_calls: [{ ...call, id: 'x'.repeat(41) }] }, { role: 'tool', tool_call_id: 'x'.repeat(41), content: 'x' }] }],
    ['an image in a tool message', { messages: [...chat.messages, { role: 'assistant', content: null, tool_calls: [call] }, { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'image_url', image_url: { url: 'https://x.test/a.png' } }] }] }],
    ['two limits', { max_tokens: 5, max_completion_tokens: 5 }], ['tool_choice without tools', { tool_choice: 'auto' }], ['metadata without store', { metadata: { a: 'b' } }],
    ['max_tokens for a reasoning model', { model: 'gpt-5-mock-text', max_tokens: 5 }], ['effort for another', { reasoning_effort: 'low' }],
  ]],
  Responses: [(body) => post(sites.bearer, '/v1/responses', body), responses, [
    ['a small limit', { max_output_tokens: 15 }], ['stop', { stop: ['x'] }], ['input_text from the assistant', { input: [{ role: 'assistant', content: [{ type: 'input_text', text: 'x' }] }] }],
    ['a tool without strict', { tools: [{ type: 'function', name: 'weather', parameters: {} }] }], ['a nested tool', { tools: [{ type: 'function', function: { name: 'weather' } }] }],
    ['a foreign item id', { input: [{ type: 'function_call', id: 'call_1', call_id: 'c', name: 'w', arguments: '{}' }, { type: 'function_call_output', call_id: 'c', output: 'x' }] }],
    ['a call without an output', { input: [...responses.input, { type: 'function_call', call_id: 'c', name: 'w', arguments: '{}' }] }],
    ['foreign encrypted content', { input: [...responses.input, { type: 'reasoning', summary: [], encrypted_content: 'gAAAAAforeign' }, { role: 'assistant', content: 'x' }] }],
    ['reasoning that leads to nothing', { input: [...responses.input, { type: 'reasoning', summary: [] }] }], ['reasoning of a model that has none', { model: 'gpt-4.1-mock-text', reasoning: { effort: 'low' } }],
  ]],
  Anthropic: [(body) => post(sites.claude, '/v1/messages', body, CLAUDE), claude, [
    ['no limit', { max_tokens: undefined }], ['an assistant first', { messages: [{ role: 'assistant', content: 'x' }, ...claude.messages] }], ['an empty text', { messages: [{ role: 'user', content: [{ type: 'text', text: '' }] }] }],
    ['an unknown field deep inside', { messages: [{ role: 'user', content: [{ type: 'text', text: 'x', annotations: [] }] }] }], ['other metadata', { metadata: { team: 'x' } }],
    ['a result after text', { messages: [...claude.messages, used, { role: 'user', content: [{ type: 'text', text: 'x' }, result] }] }], ['no result', { messages: [...claude.messages, used, { role: 'user', content: 'x' }] }],
    ['a foreign signature', { messages: [...claude.messages, { role: 'assistant', content: [{ type: 'thinking', thinking: 'x', signature: 'gAAAA' }, { type: 'text', text: 'x' }] }, { role: 'user', content: 'x' }] }],
    ['a loop without its thinking', { thinking: { type: 'enabled', budget_tokens: 1024 }, messages: [...claude.messages, used, { role: 'user', content: [result] }] }],
    ['a budget above the limit', { thinking: { type: 'enabled', budget_tokens: 2000 } }], ['a small budget', { thinking: { type: 'enabled', budget_tokens: 1000 } }],
    ['sampling from 4.7 on', { model: 'claude-opus-4-8-mock-text', temperature: 1 }], ['a budget from 4.7 on', { model: 'claude-opus-4-8-mock-text', thinking: { type: 'enabled', budget_tokens: 1024 } }],
    ['a forced tool where none may be', { model: 'claude-opus-5-5-mock-text', tools: [{ name: 'w', input_schema: { type: 'object' } }], tool_choice: { type: 'any' } }],
    ['an open output schema', { output_config: { format: { type: 'json_schema', schema: { type: 'object', properties: {} } } } }], ['a schema of another type', { tools: [{ name: 'w', input_schema: { type: 'string' } }] }],
    ['five cache marks', { system: Array.from({ length: 5 }, () => ({ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } })) }], ['prefill from 4.6 on', { model: 'claude-opus-4-6-mock-text', messages: [...claude.messages, { role: 'assistant', content: 'x' }] }],
  ]],
  Gemini: [({ model = 'gemini-3-pro-mock-text', ...body }) => gemini(model, body), { contents: [user] }, [
    ['snake case', { generation_config: {} }], ['an unknown field', { messages: [] }], ['no contents', { contents: [] }], ['two of one role', { contents: [user, user] }],
    ['a missing response', { contents: [user, turn('model', { ...called, thoughtSignature: SIGNATURE_SENTINEL }), user] }], ['a call without a signature', { contents: [user, turn('model', called), turn('user', answered)] }],
    ['a response that is no object', { model: 'gemini-2.5-pro-mock-text', contents: [user, turn('model', called), turn('user', { functionResponse: { name: 'weather', response: 'x' } })] }],
    ['two responses to one call', { model: 'gemini-2.5-pro-mock-text', contents: [user, turn('model', called), turn('user', answered, answered)] }],
    ['level and budget', { generationConfig: { thinkingConfig: { thinkingLevel: 'LOW', thinkingBudget: 5 } } }], ['a level for 2.5', { model: 'gemini-2.5-pro-mock-text', generationConfig: { thinkingConfig: { thinkingLevel: 'LOW' } } }],
  ]],
  Converse: [converse, { messages: [bedrockUser] }, [
    ['two of one role', { messages: [bedrockUser, bedrockUser] }], ['a blank text', { messages: [{ role: 'user', content: [{ text: ' ' }] }] }], ['two keys in a block', { messages: [{ role: 'user', content: [{ text: 'x', cachePoint: { type: 'default' } }] }] }],
    ['tool history without toolConfig', { messages: [bedrockUser, toolUse, { role: 'user', content: [{ toolResult: { toolUseId: 't1', content: [{ text: 'x' }] } }] }] }],
    ['a missing result', { toolConfig, messages: [bedrockUser, toolUse, bedrockUser] }], ['a choice of none', { toolConfig: { ...toolConfig, toolChoice: { none: {} } } }], ['an unknown key', { max_tokens: 5 }],
    ['a document\'s file name', { messages: [{ role: 'user', content: [{ text: 'x' }, { document: { format: 'pdf', name: 'a.pdf', source: { bytes: 'AAAA' } } }] }] }],
    ['an image that is none', { messages: [{ role: 'user', content: [{ image: { format: 'png', source: { bytes: 'AAAA' } } }] }] }], ['a URL', { messages: [{ role: 'user', content: [{ image: { format: 'png', source: { url: 'https://x.test' } } }] }] }],
  ]],
};

for (const [vendor, [ask, fine, refused]] of Object.entries(REFUSALS)) {
  test(`${vendor}: what is fine is answered, and what the vendor refuses is refused and remembered`, async () => {
    const good = await ask(fine);
    assert.equal(good.status, 200, good.text);
    assert.deepEqual(upstream.takeFaults(), []);
    for (const [why, fields] of refused) {
      const { status, text } = await ask({ ...fine, ...fields });
      assert.equal(status, 400, `${why}: ${text}`);
      assert.notEqual(upstream.takeFaults().length, 0, why);
    }
  });
}

test('a custom tool is called with free text', async () => {
  const tools = [{ type: 'custom', name: 'apply_patch' }];
  const { body } = await post(sites.bearer, '/v1/responses', { ...responses, model: 'gpt-5-mock-custom', tools });
  assert.equal(body.output.at(-1).input, CUSTOM_INPUT);
  assert.deepEqual(upstream.takeFaults(), []);
});

test('a list of models is given to who asks for it as the vendor wants it, a page at a time', async () => {
  const get = async (site, path, headers = {}) => {
    const response = await fetch(`${sites[site].baseUrl}${path}`, { headers: { ...sites[site].auth.headers, ...headers } });
    return { status: response.status, body: await response.json(), faults: upstream.takeFaults() };
  };
  const claude = { 'anthropic-version': '2023-06-01' };
  const first = await get('claude', '/v1/models?limit=1000', claude);
  assert.deepEqual([first.status, first.body.data.length, first.body.has_more], [200, 2, true]);
  const second = await get('claude', `/v1/models?limit=1000&after_id=${first.body.last_id}`, claude);
  assert.deepEqual([second.body.data.length, second.body.has_more], [1, false]);
  assert.equal((await get('bearer', '/v1/models')).body.data.length, 3);
  for (const [site, path, headers] of [
    ['bearer', '/v1/models?limit=5'], ['claude', '/v1/models?limit=1001', claude], ['claude', '/v1/models', { 'anthropic-version': '1' }],
    ['bearer', '/openai/deployments?api-version=2024-10-21'], ['google', '/v1beta/models', claude], ['bearer', '/v1/models', { 'x-api-key': 'one too many' }],
  ]) {
    const refused = await get(site, path, headers);
    assert.deepEqual([refused.status, refused.faults.length > 0], [400, true], path);
  }
});
