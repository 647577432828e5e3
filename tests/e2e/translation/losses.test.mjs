// What a protocol cannot say: refused when dropping it would change the meaning, dropped and named otherwise, as LOSS_POLICY has it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CLIENTS, closingChecks, suite } from '../suite.mjs';
import { TEXT } from '../upstream/scenario.mjs';
import { everyPair } from './upstreams.mjs';

const e2e = suite();
const pairs = [];

/** What only the server of the Responses API can do. Ignoring any of these would silently lose what the client counts on. */
const STATE = {
  previous_response_id: 'resp_0123456789abcdef', conversation: 'conv_0123456789abcdef', background: true, store: true, prompt: { id: 'pmpt_1' },
};

async function ask(pair, extra, scenario = 'text') {
  const wire = CLIENTS[pair.client];
  return e2e.answer(wire.path, wire.request(pair.selector(scenario), extra), { token: pair.token(), headers: wire.headers });
}

/** A 400 that names `field` to program and reader, and a call that never went upstream. */
async function assertRefused(pair, extra, field) {
  const before = e2e.upstream.records.length;
  const answer = await ask(pair, extra);
  const error = CLIENTS[pair.client].assertError(answer, 400);
  assert.match(error.message, new RegExp(`\\b${field}\\b`));
  if (pair.client !== 'anthropic_messages') assert.equal(error.param, field, answer.text);
  assert.equal(e2e.upstream.records.length, before, 'nothing was asked upstream');
}

async function assertDropped(pair, extra, field) {
  const answer = await ask(pair, extra);
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.headers.get('x-sluice-dropped') ?? '', new RegExp(`\\b${field}\\b`));
  return answer;
}

everyPair(e2e, ['text'], (pair) => {
  pairs.push(pair);
  const { client, upstream } = pair;
  if (client === 'chat_completions') {
    test('two answers where there can be one are refused', () => assertRefused(pair, { n: 2 }, 'n'));
    test('one answer is what everybody gives', async () => assert.equal((await ask(pair, { n: 1 })).status, 200));
    test('logit_bias is dropped and named', () => assertDropped(pair, { logit_bias: { 50256: -100 } }, 'logit_bias'));
    test('several fields are all named', async () => {
      await assertDropped(pair, { logit_bias: { 50256: -100 }, prediction: { type: 'content', content: 'x' } }, 'logit_bias');
      await assertDropped(pair, { logit_bias: { 50256: -100 }, prediction: { type: 'content', content: 'x' } }, 'prediction');
    });
  }
  if (client === 'responses') {
    for (const [field, value] of Object.entries(STATE)) test(`${field} is refused, never ignored`, () => assertRefused(pair, { [field]: value }, field));
    test('a reference to a stored item is refused', async () => {
      const answer = await ask(pair, { input: [{ role: 'user', content: 'hi' }, { type: 'item_reference', id: 'msg_0123456789abcdef' }] });
      assert.equal(answer.status, 400, answer.text);
    });
    test('a tool that OpenAI runs itself is refused by its name', async () => {
      const answer = await ask(pair, { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] });
      assert.equal(answer.status, 400, answer.text);
      assert.match(answer.text, /code_interpreter/);
    });
    test('store: false, and what says nothing, are fine', async () => {
      const answer = await ask(pair, { store: false, background: false, previous_response_id: null, conversation: null, truncation: 'disabled', metadata: {} });
      assert.equal(answer.status, 200, answer.text);
    });
  }
  if (client === 'anthropic_messages') {
    test('top_k is dropped and named where there is none', { skip: ['gemini', 'bedrock_converse'].includes(upstream.protocol) && 'it has one' }, () => assertDropped(pair, { top_k: 5 }, 'top_k'));
    test('a limit below the least that the upstream takes is no error', async () => {
      const answer = await ask(pair, { max_tokens: 1 });
      assert.equal(answer.status, 200, answer.text);
    });
  }
  test('an exact translation drops nothing', async () => {
    const answer = await ask(pair, {});
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers.get('x-sluice-dropped'), null);
  });
}, { only: ({ native }) => !native });

describe('strict', () => {
  test('refuses what would be dropped', async () => {
    await e2e.restart({ LOSS_POLICY: 'strict' });
    for (const pair of pairs.filter(({ client }) => client === 'chat_completions')) await assertRefused(pair, { logit_bias: { 50256: -100 } }, 'logit_bias');
  });
});

describe('allow', () => {
  test('drops what would be refused, and names it', async () => {
    await e2e.restart({ LOSS_POLICY: 'allow' });
    for (const pair of pairs.filter(({ client }) => client === 'chat_completions')) {
      const answer = await assertDropped(pair, { n: 2 }, 'n');
      assert.equal(answer.body.choices[0].message.content, TEXT);
    }
  });
});

closingChecks(e2e);
