// What Claude's families allow, on Anthropic and on Bedrock alike, and how thinking has to come back.

import { claudeSignature, isClaudeRedacted } from '../signatures.mjs';

/** The family in a model's name, in any cloud's spelling, or null for another vendor's model. */
export function claudeFamily(model) {
  const found = /claude-(opus|sonnet|haiku|fable)-(\d)(?:-(\d)(?!\d))?/.exec(model);
  const old = /claude-(\d)(?:-(\d)(?!\d))?/.exec(model);
  if (!found && !old) return null;
  const name = found ? found[1] : 'old';
  const version = found ? Number(found[2]) + Number(found[3] ?? 0) / 10 : Number(old[1]) + Number(old[2] ?? 0) / 10;
  const is = (...those) => those.includes(`${name} ${version}`);
  return {
    version,
    sampling: version < 4.7,
    temperatureAndTopP: version !== 4.5,
    enabled: version >= 3.7 && version < 4.7,
    adaptive: version >= 4.6,
    disabled: !is('fable 5', 'opus 5.5', 'fable 5.1', 'sonnet 5.5'),
    betweenTools: is('sonnet 5.5'),
    forced: !is('opus 5.5', 'fable 5.1', 'sonnet 5.5'),
    prefill: version < 4.6,
    midSystem: version >= 4.8 && !is('sonnet 5'),
    schema: version >= 4.1,
  };
}

/** Sentences on `thinking`, `effort` and what they exclude. `forced` says whether a tool call is demanded. */
export function thinkingViolations({ model, thinking, effort, maxTokens, temperature, topP, topK, forced }) {
  const family = claudeFamily(model);
  if (family === null) return thinking === undefined ? [] : ['thinking: extraneous key for this model'];
  const wrong = [];
  if (!family.sampling) for (const [key, value] of Object.entries({ temperature, top_p: topP, top_k: topK })) if (value !== undefined) wrong.push(`${key} is not supported by this model`);
  if (!family.temperatureAndTopP && temperature !== undefined && topP !== undefined) wrong.push('temperature and top_p cannot both be specified for this model');
  if (forced && !family.forced) wrong.push('tool_choice that forces a tool is not supported by this model');
  switch (thinking?.type) {
    case undefined: break;
    case 'enabled':
      if (!family.enabled) wrong.push('thinking.type enabled is not supported by this model');
      if (!Number.isInteger(thinking.budget_tokens) || thinking.budget_tokens < 1024) wrong.push('thinking.budget_tokens must be at least 1024');
      if (maxTokens !== undefined && thinking.budget_tokens >= maxTokens) wrong.push('max_tokens must be greater than thinking.budget_tokens');
      if (temperature !== undefined && temperature !== 1) wrong.push('temperature may only be set to 1 when thinking is enabled');
      if (topK !== undefined) wrong.push('top_k must be unset when thinking is enabled');
      if (forced) wrong.push('Thinking may not be enabled when tool_choice forces tool use');
      break;
    case 'adaptive':
      if (!family.adaptive) wrong.push('adaptive thinking is not supported by this model');
      if (temperature !== undefined && temperature !== 1) wrong.push('temperature may only be set to 1 when thinking is enabled');
      break;
    case 'disabled':
      if (!family.disabled) wrong.push('thinking.type disabled is not supported by this model');
      if (['xhigh', 'max'].includes(effort)) wrong.push('effort above high needs thinking');
      break;
    case 'between_tools':
      if (!family.betweenTools) wrong.push('thinking.type between_tools is not supported by this model');
      break;
    default: wrong.push(`thinking.type ${thinking.type} is unknown`);
  }
  return wrong;
}

/**
 * Sentences on the thinking in a history of `turns`, `{ role, blocks }` in order, each block `{ kind, text, signature, data }` with kinds
 * `thinking`, `redacted`, `call`, `result` and `other`.
 */
export function historyViolations(turns, thinking) {
  const wrong = [];
  turns.forEach(({ role, blocks }, index) => {
    for (const block of blocks) {
      if (block.kind !== 'thinking' && block.kind !== 'redacted') continue;
      if (role !== 'assistant') wrong.push(`messages.${index}: thinking blocks belong to the assistant`);
      const own = block.kind === 'thinking' ? claudeSignature(block.text ?? '') === block.signature : isClaudeRedacted(block.data);
      if (!own) wrong.push(`messages.${index}: Invalid \`signature\` in \`${block.kind}\` block`);
    }
  });
  // In a tool loop, manual thinking wants the thinking that led to the calls, first and whole.
  const last = turns.at(-1);
  const led = turns.at(-2);
  if (thinking?.type === 'enabled' && last?.blocks[0]?.kind === 'result' && !['thinking', 'redacted'].includes(led?.blocks[0]?.kind)) {
    wrong.push(`messages.${turns.length - 2}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`tool_use\``);
  }
  return wrong;
}
