// Tool calls and their results, from every client to every upstream. The mock refuses any history that its vendor would refuse.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closingChecks, suite } from '../suite.mjs';
import { ARGUMENTS, SECOND_ARGUMENTS, TEXT } from '../upstream/scenario.mjs';
import { PIXEL, WEATHER } from './drivers.mjs';
import { everyPair } from './upstreams.mjs';

const e2e = suite();
const SCENARIOS = ['tools', 'talk-tools', 'parallel', 'interleaved', 'noargs', 'steps', 'text'];
const CITY = JSON.parse(ARGUMENTS);
const OTHER = JSON.parse(SECOND_ARGUMENTS);
const STOPPED = { chat_completions: 'tool_calls', responses: 'completed', anthropic_messages: 'tool_use' };
/** Ids that fit wherever a history may go next. */
const PORTABLE = /^[A-Za-z0-9_-]{1,40}$/;

everyPair(e2e, SCENARIOS, (pair) => {
  const { client, upstream } = pair;

  test('a call, its result and the final words, unary and streamed', async () => {
    for (const mode of ['unary', 'stream']) {
      for (const scenario of ['tools', 'talk-tools']) {
        const { turn, turns } = await pair.driver().loop(pair.selector(scenario), { mode, tools: [WEATHER], result: () => 'sunny, 21 degrees' });
        assert.equal(turns.length, 2, mode);
        const [{ calls, stop, text }] = turns;
        assert.deepEqual(calls.map(({ name, input }) => ({ name, input })), [{ name: 'weather', input: CITY }], mode);
        assert.equal(stop, STOPPED[client], mode);
        if (!pair.native) assert.match(calls[0].id, PORTABLE, mode);
        assert.equal(text, scenario === 'talk-tools' ? 'I will look.' : '', mode);
        assert.equal(turn.text, TEXT, mode);
        assert.match(pair.last(scenario).body.toString(), /sunny, 21 degrees/);
        assert.match(pair.last(scenario).body.toString(), /Looks up the weather\./);
      }
    }
  });

  test('two parallel calls get their own results, whatever order the client answers in', async () => {
    for (const mode of ['unary', 'stream']) {
      for (const scenario of ['parallel', 'interleaved']) {
        const driver = pair.driver();
        const history = driver.start({ text: 'Both cities, please.' });
        const first = await driver.turn(pair.selector(scenario), history, { mode, tools: [WEATHER] });
        assert.deepEqual(first.calls.map(({ input }) => input), [CITY, OTHER], `${mode} ${scenario}`);
        assert.equal(new Set(first.calls.map(({ id }) => id)).size, 2, 'each has an id of its own');
        const results = first.calls.map((call) => ({ call, output: `it is fine in ${call.input.city}` }));
        const ordered = mode === 'unary' ? results : results.toReversed();
        const second = await driver.turn(pair.selector(scenario), driver.extend(history, first, ordered), { mode, tools: [WEATHER] });
        assert.equal(second.text, TEXT);
        assertPaired(upstream.protocol, pair.last(scenario).json);
      }
    }
  });

  test('a tool without arguments is called with an empty object', async () => {
    const tools = [{ name: 'weather', description: 'No arguments.', schema: { type: 'object', properties: {} } }];
    for (const mode of ['unary', 'stream']) {
      const { turns } = await pair.driver().loop(pair.selector('noargs'), { mode, tools });
      assert.deepEqual(turns[0].calls[0].input, {}, mode);
    }
  });

  test('several steps of one task, and a new question after it', async () => {
    for (const mode of ['unary', 'stream']) {
      const driver = pair.driver();
      const { turn, turns, history } = await driver.loop(pair.selector('steps'), { mode, tools: [WEATHER] });
      assert.equal(turns.length, 3, mode);
      const ids = turns.flatMap(({ calls }) => calls.map(({ id }) => id));
      assert.equal(new Set(ids).size, 2, 'ids are unique in a conversation');
      const more = await driver.turn(pair.selector('steps'), driver.say(driver.extend(history, turn, []), 'And tomorrow?'), { mode, tools: [WEATHER] });
      assert.equal(more.text, TEXT);
    }
  });

  test('the translated beginning of a conversation does not change as it grows', async () => {
    const { turns } = await pair.driver().loop(pair.selector('steps'), { tools: [WEATHER] });
    assert.equal(turns.length, 3);
    const sent = e2e.upstream.requestsFor(upstream.model('steps')).slice(-3).map(({ json }) => json.messages ?? json.contents ?? json.input);
    for (const [earlier, later] of [[sent[0], sent[1]], [sent[1], sent[2]]]) {
      // Prompt caches and signed thinking hold on to exact beginnings. Anthropic's lasting cache marks may move, nothing else.
      assert.deepEqual(unmarked(later.slice(0, earlier.length)), unmarked(earlier));
    }
  });

  test('a forced call is asked for in the upstream\'s own words', async () => {
    const driver = pair.driver();
    const turn = await driver.turn(pair.selector('tools'), driver.start({ text: 'hi' }), { tools: [WEATHER], choice: 'required' });
    assert.equal(turn.calls.length, 1);
    const { json } = pair.last('tools');
    const said = JSON.stringify(json.tool_choice ?? json.toolConfig ?? null);
    assert.match(said, { chat_completions: /"required"/, responses: /"required"/, anthropic_messages: /"any"/, gemini: /"ANY"/, bedrock_converse: /"any"/ }[upstream.protocol]);
  });

  test('a choice of no tool holds', async () => {
    const driver = pair.driver();
    const { turns, history } = await driver.loop(pair.selector('tools'), { tools: [WEATHER] });
    const turn = await driver.turn(pair.selector('text'), driver.say(driver.extend(history, turns.at(-1), []), 'Only words now.'), { tools: [WEATHER], choice: 'none' });
    assert.equal(turn.text, TEXT);
  });

  test('an image in a result reaches the upstream', { skip: client === 'chat_completions' && 'tool messages are text' }, async () => {
    const result = () => ({ text: 'a photo of it', image: PIXEL });
    for (const mode of ['unary', 'stream']) {
      const { turn } = await pair.driver().loop(pair.selector('tools'), { mode, tools: [WEATHER], result });
      assert.equal(turn.text, TEXT);
      const { body } = pair.last('tools');
      assert.ok(body.includes(PIXEL) && body.includes('a photo of it'), mode);
    }
  });

  test('an empty result, and one that looks like JSON, are results', async () => {
    for (const output of ['', '{"degrees": 21}', '[1, 2]', '"quoted"', 'null']) {
      const { turn } = await pair.driver().loop(pair.selector('tools'), { tools: [WEATHER], result: () => output });
      assert.equal(turn.text, TEXT, output);
    }
  });
});

/** Each city's result went with that city's call. */
function assertPaired(protocol, json) {
  const pairs = {
    chat_completions: () => pairUp(json.messages.flatMap(({ tool_calls: calls }) => (calls ?? []).map((call) => [call.id, call.function.arguments])), json.messages.filter(({ role }) => role === 'tool').map((one) => [one.tool_call_id, one.content])),
    responses: () => pairUp(json.input.filter(({ type }) => type === 'function_call').map((one) => [one.call_id, one.arguments]), json.input.filter(({ type }) => type === 'function_call_output').map((one) => [one.call_id, one.output])),
    anthropic_messages: () => pairUp(blocks(json, 'tool_use').map((one) => [one.id, one.input]), blocks(json, 'tool_result').map((one) => [one.tool_use_id, one.content])),
    bedrock_converse: () => {
      const content = json.messages.flatMap((message) => message.content);
      return pairUp(content.filter((one) => one.toolUse).map(({ toolUse }) => [toolUse.toolUseId, toolUse.input]), content.filter((one) => one.toolResult).map(({ toolResult }) => [toolResult.toolUseId, toolResult.content]));
    },
    gemini: () => {
      const parts = json.contents.flatMap((content) => content.parts);
      const calls = parts.filter((one) => one.functionCall).map(({ functionCall }, index) => [functionCall.id ?? index, functionCall.args]);
      return pairUp(calls, parts.filter((one) => one.functionResponse).map(({ functionResponse }, index) => [functionResponse.id ?? index, functionResponse.response]));
    },
  }[protocol]();
  for (const [call, result] of pairs) {
    const city = /Paris/.test(call) ? 'Paris' : 'Zürich';
    assert.match(result, new RegExp(`it is fine in ${city}`), `the result of the call ${call} is ${result}`);
  }
  assert.equal(pairs.length, 2);
}

const blocks = (json, kind) => json.messages.flatMap(({ content }) => (Array.isArray(content) ? content : [])).filter(({ type }) => type === kind);
const pairUp = (calls, results) => calls.map(([id, call]) => [JSON.stringify(call), JSON.stringify(results.find(([other]) => other === id)?.[1] ?? null)]);
const unmarked = (list) => JSON.parse(JSON.stringify(list, (key, value) => (key === 'cache_control' || key === 'cachePoint' ? undefined : value)));

closingChecks(e2e);
