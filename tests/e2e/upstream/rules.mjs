// What an upstream may be sent. Every broken rule is a sentence; the mock refuses the request with it and remembers it.
//
// Models whose names begin with `mock-` are held to the loose rules here, so that tests of pass-through can send what nobody knows.
// Any other name (`gpt-5-mock-tools`) is a vendor's, and all that its vendor refuses is refused: see `rules/`.

import { signatureViolations } from './aws-sigv4.mjs';
import { anthropicViolations } from './rules/anthropic.mjs';
import { bedrockViolations } from './rules/bedrock.mjs';
import { chatViolations } from './rules/chat.mjs';
import { geminiViolations } from './rules/gemini.mjs';
import { responsesViolations } from './rules/responses.mjs';
import { isStrict } from './scenario.mjs';

const FORBIDDEN = [
  'cookie', 'x-real-ip', 'forwarded', 'proxy-authorization', 'te', 'trailer', 'upgrade', 'keep-alive', 'proxy-connection', 'cdn-loop',
];
const FORBIDDEN_PREFIXES = ['cf-', 'x-forwarded-', 'x-sluice-'];
/** The runtime adds this one itself to every subrequest; no Worker can take it away. */
const RUNTIME_HEADERS = ['cf-worker'];
const CREDENTIAL_HEADERS = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'];
const ANTHROPIC_VERSIONS = ['2023-06-01', '2026-10-21'];

/** The sentences for everything that is wrong with `record`, which arrived at `site`. */
export function violations(record, site, host) {
  const wrong = [];
  const { headers } = record;
  for (const name of Object.keys(headers)) {
    if (RUNTIME_HEADERS.includes(name)) continue;
    if (FORBIDDEN.includes(name) || FORBIDDEN_PREFIXES.some((prefix) => name.startsWith(prefix))) wrong.push(`header ${name} must not arrive`);
  }
  for (const [name, value] of Object.entries(headers)) {
    if (String(value).includes('slu_')) wrong.push(`header ${name} carries a Sluice token`);
  }
  if (record.url.includes('slu_')) wrong.push('the URL carries a Sluice token');
  const names = record.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  for (const name of ['host', 'content-type', 'content-length', ...CREDENTIAL_HEADERS, 'anthropic-version']) {
    if (names.filter((other) => other === name).length > 1) wrong.push(`header ${name} arrives more than once`);
  }
  if (headers.host !== host) wrong.push(`host is ${headers.host}, expected ${host}`);
  // A test of the mock itself has no gateway between, whose encodings these have to be.
  if (!site.direct && headers['accept-encoding'] !== undefined && !/^(identity|gzip|br, gzip|gzip, br)$/.test(headers['accept-encoding'])) {
    wrong.push(`accept-encoding is the client's own: ${headers['accept-encoding']}`);
  }
  wrong.push(...credential(headers, site.auth));
  if (site.auth.verify) wrong.push(...site.auth.verify(record));
  if (/[?&]key=/.test(record.url)) wrong.push('the URL carries a key, where any log keeps it');
  if (record.dialect) wrong.push(...dialect(record));
  return wrong;
}

/** Exactly the configured credential, and no other header that could be one. */
function credential(headers, auth) {
  const expected = auth.headers;
  const wrong = [];
  for (const [name, value] of Object.entries(expected)) {
    if (headers[name] === undefined) wrong.push(`credential header ${name} is missing`);
    else if (headers[name] !== value) wrong.push(`credential header ${name} has another value than the configured one`);
  }
  for (const name of CREDENTIAL_HEADERS) {
    if (headers[name] !== undefined && !(name in expected) && !auth.allows?.includes(name)) wrong.push(`credential header ${name} must not be sent with ${auth.method}`);
  }
  return wrong;
}

function dialect(record) {
  const wrong = [];
  const { headers, json } = record;
  if (record.method !== 'POST') return [`method is ${record.method}, expected POST`];
  if (!/^application\/json(;|$)/.test(headers['content-type'] ?? '')) wrong.push(`content-type is ${headers['content-type']}`);
  const { protocol } = record.dialect;
  const vendor = VENDOR_HEADERS[protocol];
  for (const name of Object.keys(headers)) {
    if ((name.startsWith('anthropic-') || name.startsWith('openai-')) && !(vendor && name.startsWith(vendor))) wrong.push(`header ${name} belongs to another vendor`);
  }
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return [...wrong, 'the body is not a JSON object'];
  if (typeof record.model !== 'string' || record.model === '') wrong.push('model is required');
  if (String(record.model).includes('^')) wrong.push('model is still a selector');
  if (protocol === 'gemini') return [...wrong, ...geminiViolations(record)];
  if (protocol === 'bedrock_converse') return [...wrong, ...bedrockViolations(record)];
  if (json.stream !== undefined && typeof json.stream !== 'boolean') wrong.push('stream must be a boolean');
  switch (protocol) {
    case 'chat_completions':
      wrong.push(...messages(json.messages, ['system', 'developer', 'user', 'assistant', 'tool']));
      if (json.stream_options !== undefined && json.stream !== true) wrong.push('stream_options is only allowed with stream');
      break;
    case 'responses':
      if (typeof json.input !== 'string' && !Array.isArray(json.input)) wrong.push('input is required');
      if (json.stream_options?.include_usage !== undefined) wrong.push('include_usage belongs to Chat Completions');
      break;
    default:
      if (!ANTHROPIC_VERSIONS.includes(headers['anthropic-version'])) wrong.push(`anthropic-version is ${headers['anthropic-version']}`);
      if (!Number.isInteger(json.max_tokens) || json.max_tokens < 1) wrong.push('max_tokens is required');
      if (json.stream_options !== undefined) wrong.push('stream_options: Extra inputs are not permitted');
      wrong.push(...messages(json.messages, ['user', 'assistant', 'system']));
  }
  if (isStrict(record.model)) wrong.push(...STRICT[protocol](record));
  return [...new Set(wrong)];
}

const VENDOR_HEADERS = { chat_completions: 'openai-', responses: 'openai-', anthropic_messages: 'anthropic-' };
const STRICT = { chat_completions: chatViolations, responses: responsesViolations, anthropic_messages: anthropicViolations };

function messages(list, roles) {
  if (!Array.isArray(list) || list.length === 0) return ['messages is required'];
  return list.filter((message) => !roles.includes(message?.role)).map((message) => `role ${message?.role} is unknown`);
}

/** How each auth method looks on the wire, header names in lower case. */
export const auth = {
  bearer: (key) => ({ method: 'bearer', headers: { authorization: `Bearer ${key}` } }),
  xApiKey: (key) => ({ method: 'x_api_key', headers: { 'x-api-key': key } }),
  apiKey: (key) => ({ method: 'api_key', headers: { 'api-key': key } }),
  xGoogApiKey: (key) => ({ method: 'x_goog_api_key', headers: { 'x-goog-api-key': key } }),
  /** `{ accessKeyId, secretAccessKey, sessionToken?, region }`: the mock signs what it received itself and compares. */
  sigv4: (keys) => ({ method: 'aws_sigv4', headers: {}, allows: ['authorization'], verify: (record) => signatureViolations(record, keys) }),
  custom: (map) => ({
    method: 'custom_headers', headers: Object.fromEntries(Object.entries(map).map(([name, value]) => [name.toLowerCase(), value])),
  }),
  none: () => ({ method: 'none', headers: {} }),
};
