// The opaque values that vendors hand out and want back unmodified. Each carries its own proof, so that the mock needs no memory to
// tell a value that it issued from one that was made up, cut, altered or taken from another vendor.

import { createHmac } from 'node:crypto';

const mac = (kind, text) => createHmac('sha256', 'the mock signs with this').update(`${kind}\0${text}`).digest();

/** Claude's signature over a thinking block, the same on Anthropic and on Bedrock. Its length and alphabet are the real one's. */
export const claudeSignature = (thinking) => Buffer.concat([Buffer.from([18, 184, 1]), mac('claude', thinking), mac('claude2', thinking)]).toString('base64');
export const claudeRedacted = (text) => Buffer.concat([Buffer.from([0x12, 0xa8]), mac('redacted', text), Buffer.from(text)]).toString('base64');
export const isClaudeRedacted = (data) => {
  const bytes = Buffer.from(String(data), 'base64');
  return bytes.length > 34 && bytes.subarray(2, 34).equals(mac('redacted', bytes.subarray(34).toString()));
};

/** OpenAI's encrypted reasoning, bound to the id of its item. */
export const encryptedReasoning = (id) => `gAAAAA${Buffer.concat([mac('openai', id), Buffer.from(id)]).toString('base64url')}`;
/** The item id inside, or null when it is none of the mock's. */
export function reasoningId(blob) {
  if (!String(blob).startsWith('gAAAAA')) return null;
  const bytes = Buffer.from(blob.slice(6), 'base64url');
  const id = bytes.subarray(32).toString();
  return bytes.subarray(0, 32).equals(mac('openai', id)) && encryptedReasoning(id) === blob ? id : null;
}

/** Gemini's thought signature: `bytes` in its JSON, so base64 in either alphabet. */
export const thoughtSignature = (seed) => Buffer.concat([mac('gemini', seed), Buffer.from(seed)]).toString('base64');
export const isThoughtSignature = (value) => {
  const bytes = Buffer.from(String(value), 'base64');
  return bytes.length > 32 && bytes.subarray(0, 32).equals(mac('gemini', bytes.subarray(32).toString()));
};
/** What Google documents for histories that lost their signature. */
export const SIGNATURE_SENTINEL = 'skip_thought_signature_validator';
