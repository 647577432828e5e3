// The AI SDK, which parses answers more strictly than the vendors' own: with both of OpenAI's protocols and Anthropic's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { Output, generateText, isStepCount, jsonSchema, streamText, tool } from 'ai';
import { closingChecks, suite } from '../suite.mjs';
import { ARGUMENTS, TEXT } from '../upstream/scenario.mjs';
import { PIXEL, WEATHER } from './drivers.mjs';
import { everyPair } from './upstreams.mjs';

const e2e = suite();
const SCENARIOS = ['text', 'json', 'tools', 'parallel', 'reason-steps', 'error-mid-stream', '429'];

/** The SDK's models for a client protocol. The compatible provider is the one that shows a Chat client's reasoning. */
function modelsOf(pair) {
  const options = { apiKey: pair.token(), baseURL: `${e2e.base()}/v1`, fetch: (url, init) => e2e.fetch(url, init) };
  switch (pair.client) {
    case 'chat_completions': return [(name) => createOpenAI(options).chat(name), (name) => createOpenAICompatible({ ...options, name: 'sluice', includeUsage: true, supportsStructuredOutputs: true })(name)];
    case 'responses': return [(name) => createOpenAI(options).responses(name)];
    default: return [(name) => createAnthropic(options)(name)];
  }
}

const weather = (asked) => tool({ description: WEATHER.description, inputSchema: jsonSchema(WEATHER.schema), execute: async (input) => {
  asked.push(input);
  return { degrees: 21 };
} });
const SCHEMA = jsonSchema({ type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } }, required: ['city', 'days'], additionalProperties: false });

everyPair(e2e, SCENARIOS, (pair) => {
  const each = (scenario, body, kind) => async () => {
    for (const make of modelsOf(pair)) await body({ model: make(pair.selector(scenario, kind)), maxRetries: 0 });
  };

  test('text, and the same streamed, with the same usage', each('text', async (base) => {
    const unary = await generateText({ ...base, system: 'Be polite.', prompt: 'hi' });
    assert.equal(unary.text, TEXT);
    assert.equal(unary.finishReason, 'stop');
    const streamed = streamText({ ...base, prompt: 'hi' });
    assert.equal(await streamed.text, TEXT);
    const count = ({ inputTokens, outputTokens }) => ({ inputTokens, outputTokens });
    assert.deepEqual(count(await streamed.usage), count(unary.usage));
    assert.ok(unary.usage.outputTokens === 340, JSON.stringify(unary.usage));
  }));

  test('an image', each('text', async (base) => {
    const { text } = await generateText({ ...base, messages: [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, { type: 'file', data: PIXEL, mediaType: 'image/png' }] }] });
    assert.equal(text, TEXT);
  }));

  for (const scenario of ['tools', 'parallel']) {
    test(`a tool loop: ${scenario}`, each(scenario, async (base) => {
      for (const run of [generateText, streamText]) {
        const asked = [];
        const result = await run({ ...base, prompt: 'weather?', tools: { weather: weather(asked) }, stopWhen: isStepCount(4) });
        assert.equal(await result.text, TEXT);
        assert.equal(asked.length, scenario === 'tools' ? 1 : 2);
        assert.deepEqual(asked[0], JSON.parse(ARGUMENTS));
      }
    }));
  }

  test('a tool loop with reasoning', each('reason-steps', async (base) => {
    const thinking = pair.native && pair.upstream.adaptive ? { type: 'adaptive' } : { type: 'enabled', budgetTokens: 2048 };
    const providerOptions = { openai: { reasoningEffort: 'medium', reasoningSummary: 'auto', store: false, include: ['reasoning.encrypted_content'], forceReasoning: true }, anthropic: { thinking }, sluice: { reasoningEffort: 'medium' } };
    for (const run of [generateText, streamText]) {
      const asked = [];
      const result = await run({ ...base, prompt: 'weather?', tools: { weather: weather(asked) }, stopWhen: isStepCount(5), maxOutputTokens: 8000, providerOptions });
      assert.equal(await result.text, TEXT);
      assert.equal(asked.length, 2);
    }
  }, 'thinker'));

  test('structured output', each('json', async (base) => {
    const { output } = await generateText({ ...base, prompt: 'Zürich, two days.', output: Output.object({ schema: SCHEMA }) });
    assert.deepEqual(output, JSON.parse(ARGUMENTS));
  }));

  test('a limit on the rate is an error with a status that may be retried', each('429', async (base) => {
    const error = await generateText({ ...base, prompt: 'hi' }).then(() => assert.fail('it answered'), (caught) => caught);
    assert.deepEqual([error.statusCode, error.isRetryable], [429, true], String(error));
    assert.match(error.message, /You exceeded the mock quota\./);
  }));

  test('an error in the middle of a stream is an error', each('error-mid-stream', async (base) => {
    const errors = [];
    const result = streamText({ ...base, prompt: 'hi', onError: ({ error }) => errors.push(error) });
    let text = '';
    for await (const part of result.fullStream) if (part.type === 'text-delta') text += part.text;
    assert.ok(text.startsWith('Good'), 'what came before it was shown');
    assert.notEqual(errors.length, 0, 'the SDK is told');
  }));
});

closingChecks(e2e);
