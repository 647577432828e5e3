// Bedrock's Converse on the wire. Its stream is binary: the events here are buffers.

import { event, exception } from './aws-event-stream.mjs';
import { compose, inputOf, mint, odd, textOf } from './scenario.mjs';
import { claudeRedacted, claudeSignature } from './signatures.mjs';

const usage = { inputTokens: 1000, outputTokens: 340, cacheReadInputTokens: 200, cacheWriteInputTokens: 64, totalTokens: 1604 };
const metrics = { latencyMs: 123 };
const STOP = { end: 'end_turn', stop: 'stop_sequence', calls: 'tool_use', length: 'max_tokens', refusal: 'content_filtered' };

const toolUseId = (part, model) => mint('tooluse_', part.number, model, 30);
const redacted = (part) => Buffer.from(claudeRedacted(`hidden ${part.number}`)).toString('base64');

function blockOf(part, model) {
  switch (part.kind) {
    case 'redacted': return { reasoningContent: { redactedContent: redacted(part) } };
    case 'reasoning': return { reasoningContent: { reasoningText: { text: textOf(part), signature: claudeSignature(textOf(part)) } } };
    case 'call': return { toolUse: { toolUseId: toolUseId(part, model), name: part.name, input: inputOf(part) } };
    default: return { text: textOf(part) };
  }
}

/** The deltas of a block. Only tool calls have a start: text and reasoning begin with their first delta. */
function deltas(part) {
  switch (part.kind) {
    case 'redacted': return [{ reasoningContent: { redactedContent: redacted(part) } }];
    case 'reasoning': return [...part.pieces.map((text) => ({ reasoningContent: { text } })), { reasoningContent: { signature: claudeSignature(textOf(part)) } }];
    case 'call': return part.pieces.map((input) => ({ toolUse: { input } }));
    default: return part.pieces.map((text) => ({ text }));
  }
}

export const bedrock = {
  protocol: 'bedrock_converse',
  headers: { 'x-amzn-requestid': '00000000-mock-0001' },
  streamHeaders: { 'content-type': 'application/vnd.amazon.eventstream' },

  ask({ json, model, op }) {
    const turns = (json.messages ?? []).filter(({ role } = {}) => role === 'assistant').map(({ content }) => (content ?? []).filter((block) => block.toolUse)).filter((calls) => calls.length > 0);
    const { type, display } = json.additionalModelRequestFields?.thinking ?? {};
    return {
      model, stream: op === 'converse-stream', tools: (json.toolConfig?.tools ?? []).filter((tool) => tool.toolSpec).map((tool) => ({ name: tool.toolSpec.name })),
      rounds: turns.length, calls: turns.flat().length, stops: json.inferenceConfig?.stopSequences ?? [], format: json.outputConfig?.textFormat?.type === 'json_schema',
      thinks: type === 'enabled' || type === 'adaptive', always: type === 'enabled', shows: type === 'enabled' ? display !== 'omitted' : display === 'summarized',
    };
  },

  other: ({ op }) => (op === 'count-tokens' ? '{"inputTokens":42}' : null),

  unary(ask) {
    const { parts, stop } = compose(ask);
    return odd({ output: { message: { role: 'assistant', content: parts.map((part) => blockOf(part, ask.model)) } }, stopReason: STOP[stop], usage, metrics });
  },

  events(ask) {
    const { parts, stop } = compose(ask);
    const events = [event('messageStart', { role: 'assistant' })];
    parts.forEach((part, contentBlockIndex) => {
      if (part.kind === 'call') events.push(event('contentBlockStart', { contentBlockIndex, start: { toolUse: { toolUseId: toolUseId(part, ask.model), name: part.name } } }));
      for (const delta of deltas(part)) events.push(event('contentBlockDelta', { contentBlockIndex, delta }));
      events.push(event('contentBlockStop', { contentBlockIndex }));
    });
    events.push(event('messageStop', { stopReason: STOP[stop] }));
    events.push(event('metadata', { usage, metrics }));
    return events;
  },

  error: ({ message }) => JSON.stringify({ message }),
  errorHeaders: ({ status }) => ({ 'x-amzn-errortype': `${EXCEPTIONS[status] ?? 'ValidationException'}:http://internal.amazon.com/coral/com.amazon.bedrock/` }),
  errorEvent: ({ message }) => exception('modelStreamErrorException', message),
};

const EXCEPTIONS = {
  401: 'UnrecognizedClientException', 403: 'AccessDeniedException', 404: 'ResourceNotFoundException', 408: 'ModelTimeoutException',
  424: 'ModelErrorException', 429: 'ThrottlingException', 500: 'InternalServerException', 503: 'ServiceUnavailableException',
};

/** Where in the API a path is: `{ model, op }`, or null. The id is one segment, encoded: ARNs have slashes, versions colons. */
export function bedrockPlace(path) {
  const found = /\/model\/([^/]+)\/(converse|converse-stream|count-tokens)$/.exec(path);
  return found && { model: decodeURIComponent(found[1]), op: found[2] };
}
