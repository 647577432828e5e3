// Whether a request is signed as AWS wants it, found out as AWS does: by signing what arrived and comparing.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

const SERVICE = 'bedrock';
const SKEW_MS = 5 * 60_000;
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
/** RFC 3986: what `encodeURIComponent` leaves alone and AWS does not. */
const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** Sentences for what is wrong with the signature of `record`. */
export function signatureViolations(record, { accessKeyId, secretAccessKey, sessionToken, region }, now = Date.now()) {
  const { headers } = record;
  const parsed = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/.exec(headers.authorization ?? '');
  if (!parsed) return [`authorization is no AWS4-HMAC-SHA256 signature${headers.authorization === undefined ? ': it is missing' : ''}`];
  const [, id, day, scopeRegion, service, signedNames, signature] = parsed;
  const wrong = [];
  const names = signedNames.split(';');
  const when = headers['x-amz-date'] ?? '';
  if (id !== accessKeyId) wrong.push('the signature is by another access key');
  if (scopeRegion !== region) wrong.push(`the signature is for the region ${scopeRegion}, expected ${region}`);
  if (service !== SERVICE) wrong.push(`the signature is for the service ${service}, expected ${SERVICE}`);
  if (names.join() !== [...names].sort().join()) wrong.push('the signed headers are not sorted');
  for (const name of ['host', 'x-amz-date']) if (!names.includes(name)) wrong.push(`${name} is not signed`);
  // Every x-amz header that is sent has to be signed: AWS refuses it otherwise.
  for (const name of Object.keys(headers)) if (name.startsWith('x-amz-') && !names.includes(name)) wrong.push(`${name} is sent and not signed`);
  const at = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(when);
  if (!at) return [...wrong, `x-amz-date is ${when}`];
  if (!when.startsWith(day)) wrong.push('the day in the scope is not that of x-amz-date');
  if (Math.abs(Date.UTC(at[1], at[2] - 1, at[3], at[4], at[5], at[6]) - now) > SKEW_MS) wrong.push('the signature is older or newer than five minutes');
  if (sessionToken !== headers['x-amz-security-token']) wrong.push(`x-amz-security-token is ${headers['x-amz-security-token'] === undefined ? 'missing' : 'not the configured one'}`);
  const payload = sha256(record.body);
  const declared = headers['x-amz-content-sha256'];
  if (declared !== undefined && declared !== payload) wrong.push('x-amz-content-sha256 is not the hash of the body');

  const [path, query = ''] = record.url.split('?');
  const canonical = [
    record.method,
    // The path as it is on the wire, encoded once more: `:` is `%3A` there and `%253A` here.
    path.split('/').map(encode).join('/'),
    query.split('&').filter(Boolean).sort().join('&'),
    ...names.map((name) => `${name}:${String(headers[name] ?? '').trim().replace(/ +/g, ' ')}`), '',
    signedNames, payload,
  ].join('\n');
  const scope = `${day}/${scopeRegion}/${service}/aws4_request`;
  const key = [scopeRegion, service, 'aws4_request'].reduce(hmac, hmac(`AWS4${secretAccessKey}`, day));
  const expected = hmac(key, ['AWS4-HMAC-SHA256', when, scope, sha256(canonical)].join('\n'));
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex'))) wrong.push('the request signature does not match what was received');
  return wrong;
}
