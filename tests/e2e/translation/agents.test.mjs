// Requests as two coding agents send them, whole loops of them, to every upstream.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closingChecks, suite } from '../suite.mjs';
import { ARGUMENTS, CUSTOM_INPUT, TEXT } from '../upstream/scenario.mjs';
import { PIXEL } from './drivers.mjs';
import { everyPair } from './upstreams.mjs';

const e2e = suite();
const SCENARIOS = ['reason-steps', 'reason-parallel', 'custom', 'tools', 'text'];
const LOOKUP = { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } }, required: ['city'], additionalProperties: false };

// ---- Codex: the whole input each turn, nothing kept by the server ----

const CODEX = {
  instructions: 'You are a coding agent running in a terminal.', store: false, include: ['reasoning.encrypted_content'], parallel_tool_calls: true, tool_choice: 'auto',
  reasoning: { effort: 'medium', summary: 'auto' }, prompt_cache_key: '0198c0de-0000-7000-8000-000000000000', text: { verbosity: 'medium' },
  tools: [
    { type: 'function', name: 'weather', description: 'Looks up.', strict: false, parameters: LOOKUP },
    { type: 'function', name: 'shell', description: 'Runs a command.', strict: false, parameters: { type: 'object', properties: { command: { type: 'array', items: { type: 'string' } }, timeout_ms: { type: 'number' } }, required: ['command'], additionalProperties: false } },
    { type: 'function', name: 'update_plan', strict: false, parameters: { type: 'object', properties: { plan: { type: 'array', items: { type: 'object', properties: { step: { type: 'string' }, status: { type: 'string', enum: ['pending', 'done'] } }, required: ['step', 'status'], additionalProperties: false } } }, required: ['plan'], additionalProperties: false } },
    { type: 'custom', name: 'apply_patch', description: 'Edits files.', format: { type: 'grammar', syntax: 'lark', definition: 'start: "*** Begin Patch" /(.|\\n)+/' } },
  ],
};
const INPUT = [
  { type: 'message', role: 'developer', content: [{ type: 'input_text', text: '<permissions>workspace-write</permissions>' }] },
  { type: 'message', role: 'user', content: [{ type: 'input_text', text: '<environment_context>cwd</environment_context>' }] },
  { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Fix the bug.' }] },
];

everyPair(e2e, SCENARIOS, (pair) => {
  const codex = (scenario, mode) => {
    const { reasoning, include, text, ...rest } = CODEX;
    // Codex knows which models reason, and asks the others for none of it.
    return pair.driver().loop(pair.selector(scenario, 'thinker'), { mode, history: INPUT, extra: { ...rest, reasoning, include, text } });
  };

  test('Codex: a loop of steps, with reasoning items, calls and outputs in the input', async () => {
    for (const mode of ['unary', 'stream']) {
      for (const [scenario, count] of [['reason-steps', 3], ['reason-parallel', 2]]) {
        const { turn, turns } = await codex(scenario, mode);
        assert.equal(turns.length, count, `${mode} ${scenario}`);
        assert.deepEqual(turns[0].calls[0].input, JSON.parse(ARGUMENTS));
        assert.equal(turn.text, TEXT);
        for (const item of turns[0].echo.filter(({ type }) => type === 'reasoning')) assert.equal(typeof item.encrypted_content, 'string', 'what has to come back is in the item');
      }
    }
  });

  test('Codex: a free-form tool is called with its text, and its output comes back', async () => {
    for (const mode of ['unary', 'stream']) {
      const { turn, turns } = await codex('custom', mode);
      const [call] = turns[0].calls;
      assert.deepEqual([call.name, call.custom, call.input], ['apply_patch', true, CUSTOM_INPUT], mode);
      assert.equal(turn.text, TEXT);
    }
  });
}, { only: ({ client }) => client === 'responses' });

// ---- Claude Code: system blocks with cache marks, many tools, results as blocks ----

const mark = { cache_control: { type: 'ephemeral' } };
const TOOLS = ['weather', 'Bash', 'Read', 'Edit', 'Glob', 'Grep', 'TodoWrite', 'WebFetch', 'mcp__server_name__a_tool_with_quite_a_long_name_for_good_measure'].map((name) => ({
  name, description: `${name} does what it says.`, input_schema: { $schema: 'http://json-schema.org/draft-07/schema#', ...LOOKUP },
}));
const request = (thinking) => ({
  max_tokens: 32_000, thinking, tools: TOOLS,
  system: [{ type: 'text', text: 'x-anthropic-billing-header: cc_version=2' }, { type: 'text', text: "You are Claude Code, Anthropic's official CLI for Claude.", ...mark }, { type: 'text', text: 'Be concise.', ...mark }],
  metadata: { user_id: JSON.stringify({ device_id: 'a'.repeat(64), account_uuid: '', session_id: '00000000-0000-4000-8000-000000000000' }) },
});
const OPENING = [{ role: 'user', content: [{ type: 'text', text: '<system-reminder>Today is a day.</system-reminder>' }, { type: 'text', text: 'Fix the bug.', ...mark }] }];
const BETAS = { headers: { 'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14' } };

everyPair(e2e, SCENARIOS, (pair) => {
  const { upstream } = pair;
  const kinds = pair.native
    ? [upstream.adaptive ? { type: 'adaptive', display: 'summarized' } : { type: 'enabled', budget_tokens: 31_999 }]
    : [{ type: 'adaptive' }, { type: 'enabled', budget_tokens: 31_999 }, { type: 'disabled' }];

  for (const thinking of kinds) {
    test(`Claude Code: a loop with ${thinking.type} thinking`, async () => {
      for (const mode of ['unary', 'stream']) {
        for (const [scenario, count] of [['reason-steps', 3], ['reason-parallel', 2], ['tools', 2]]) {
          const driver = pair.driver();
          driver.sdk = driver.sdk.withOptions({ defaultHeaders: BETAS.headers });
          const result = (_call, index) => (index === 0 ? { text: 'an image', image: PIXEL } : 'a file\n');
          const { turn, turns } = await driver.loop(pair.selector(scenario, 'thinker'), { mode, history: OPENING, extra: request(thinking), result });
          assert.equal(turns.length, count, `${mode} ${scenario}`);
          assert.equal(turn.text, TEXT);
          const { headers } = pair.last(scenario, 'thinker');
          assert.equal(headers['anthropic-beta'], pair.native ? BETAS.headers['anthropic-beta'] : undefined);
        }
      }
    });
  }

  test('Claude Code: tokens are counted before they are spent', { skip: pair.native && 'the upstream counts' }, async () => {
    const { max_tokens: _, metadata: __, ...counted } = request({ type: 'disabled' });
    const { input_tokens: tokens } = await pair.driver().sdk.messages.countTokens({ model: pair.selector('text'), messages: OPENING, ...counted });
    assert.ok(Number.isInteger(tokens) && tokens > 0, String(tokens));
  });
}, { only: ({ client }) => client === 'anthropic_messages' });

closingChecks(e2e);
