// What a plan refuses before anything is asked: by the attribute at fault, in the words of the rule.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { capture } from '../../../scripts/process.mjs';
import { Workspace, provider, skip } from './workspace.mjs';

const terraform = skip ? null : await Workspace.open({ endpoint: 'http://127.0.0.1:9', token: 'nobody-is-asked' });

/** Attributes in HCL: `{ name: '"x"' }`, over others. */
const block = (type, attributes) => `resource "sluice_${type}" "it" {\n${Object.entries(attributes).filter(([, value]) => value !== null).map(([name, value]) => `  ${name} = ${value}`).join('\n')}\n}\n`;

const GOOD = {
  organization: { name: '"acme"' },
  secret: { name: '"key"', value: '"sk-0123456789"' },
  llm_provider: { name: '"openai"', endpoint: '"https://api.openai.com/v1"', protocol: '"responses"', auth_method: '"bearer"', token_secret_id: '"sec_0123456789abcdef"' },
  llm_model: { provider_id: '"aip_0123456789abcdef"', remote_model_name: '"gpt-5.4"' },
  token: { name: '"ci"' },
};
const HEADERS = { auth_method: '"custom_headers"', token_secret_id: null };

/** Each: which resource, what is changed of the good one, the attribute at fault, and what is said. */
const REFUSED = {
  'two credentials': ['llm_provider', { custom_headers: '{ X-Key = "k-123" }' }, 'custom_headers', /token_secret_id or custom_headers, not both/],
  'headers under another method': ['llm_provider', { token_secret_id: null, custom_headers: '{ X-Key = "k-123" }' }, 'custom_headers', /"custom_headers" only/],
  'the method of headers without any': ['llm_provider', HEADERS, 'auth_method', /takes custom_headers/],
  'a secret that nobody would send': ['llm_provider', { auth_method: '"none"' }, 'token_secret_id', /sends no credential/],
  ...Object.fromEntries(['Host', 'content-length', 'CONNECTION', 'Transfer-Encoding'].map((name) => [
    `the header ${name}`, ['llm_provider', { ...HEADERS, custom_headers: `{ ${name} = "x" }` }, 'custom_headers', new RegExp(name, 'i')],
  ])),
  'a header whose name is none': ['llm_provider', { ...HEADERS, custom_headers: '{ "X Key" = "x" }' }, 'custom_headers', /name that is not allowed/],
  'a header with a line break': ['llm_provider', { ...HEADERS, custom_headers: '{ X-Key = "a\\nb" }' }, 'custom_headers', /X-Key/],
  'no header': ['llm_provider', { ...HEADERS, custom_headers: '{}' }, 'custom_headers', /at least one|1 to/],
  'an unknown protocol': ['llm_provider', { protocol: '"soap"' }, 'protocol', /one of chat_completions, responses/],
  'an unknown auth method': ['llm_provider', { auth_method: '"basic"' }, 'auth_method', /one of bearer, x_api_key/],
  'an unknown kind': ['llm_provider', { kind: '"openapi"' }, 'kind', /one of openai, anthropic/],
  'an unknown mode': ['llm_provider', { kind: '"openai"', openai_api_mode: '"both"' }, 'openai_api_mode', /one of auto/],
  'a mode of a kind that has none': ['llm_provider', { kind: '"anthropic"', auth_method: null, protocol: null, openai_api_mode: '"auto"' }, 'openai_api_mode', /does not/],
  'a mode and a protocol that disagree': ['llm_provider', { kind: '"openai"', openai_api_mode: '"chat_completions"' }, 'openai_api_mode', /disagree/],
  'a method that the kind does not take': ['llm_provider', { kind: '"openai"', auth_method: '"aws_sigv4"' }, 'auth_method', /does not take/],
  'neither kind nor protocol': ['llm_provider', { protocol: null }, '', /protocol is required together with endpoint/],
  'a kind that needs an endpoint': ['llm_provider', { kind: '"gateway"', endpoint: null }, '', /needs endpoint/],
  'an endpoint that is none': ['llm_provider', { endpoint: '"api.openai.com"' }, 'endpoint', /http/],
  'an endpoint with a query': ['llm_provider', { endpoint: '"https://api.openai.com/v1?key=x"' }, 'endpoint', /query/],
  'a provider\'s name with ^': ['llm_provider', { name: '"a^b"' }, 'name', /\^/],
  'settings that are no JSON': ['llm_provider', { advanced_json: '"{"' }, 'advanced_json', /must be JSON/],
  'settings that are no object': ['llm_provider', { advanced_json: 'jsonencode([1])' }, 'advanced_json', /object/],
  'a setting that comes from each call': ['llm_provider', { advanced_json: 'jsonencode({ messages = [] })' }, 'advanced_json', /messages/],
  'an unknown end': ['llm_provider', { on_delete: '"keep"' }, 'on_delete', /cascade/],
  'an organization by its name': ['llm_provider', { organization_id: '"default"' }, 'organization_id', /prj_…/],
  'a secret by its name': ['llm_provider', { token_secret_id: '"openai-key"' }, 'token_secret_id', /sec_…/],
  'an organization without a name': ['organization', { name: '" "' }, 'name', /1 to 100/],
  'an empty secret': ['secret', { value: '" "' }, 'value', /1 to|empty/],
  'a masked secret': ['secret', { value: '"sk-…abcd"' }, 'value', /masked/],
  'an unknown operator': ['llm_model', { when: 'jsonencode({ model = { "$regex" = "x" } })' }, 'when', /\$regex/],
  'a condition that is no JSON': ['llm_model', { when: '"stream"' }, 'when', /must be JSON/],
  'no weight': ['llm_model', { weight: '0' }, 'weight', /above 0/],
  'half a priority': ['llm_model', { priority: '1.5' }, 'priority', /whole number/],
  'a negative price': ['llm_model', { cost_per_1k_input: '-1' }, 'cost_per_1k_input', /from 0/],
  'a price with too many decimals': ['llm_model', { cost_per_1k_output: '0.0000000000001' }, 'cost_per_1k_output', /decimals/],
  'no multiplier': ['llm_model', { multiplier: '0' }, 'multiplier', /above 0/],
  'a fallback that is no selector': ['llm_model', { fallbacks: '["a^b", "fast"]' }, 'fallbacks', /provider\^model/],
  'a tag too many': ['llm_model', { tags: '[for number in range(33) : "tag-${number}"]' }, 'tags', /at most 32/],
  'a public name with ^': ['llm_model', { name: '"a^b"' }, 'name', /\^/],
  'a model of no provider': ['llm_model', { provider_id: '"openai"' }, 'provider_id', /aip_…/],
  'a role and a policy': ['token', { role: '"member"', policy: 'jsonencode([{ effect = "allow", actions = ["llm:Invoke"] }])' }, 'policy', /not both/],
  'an unknown role': ['token', { role: '"owner"' }, 'role', /one of/],
  'a statement that is none': ['token', { policy: 'jsonencode([{ effect = "maybe", actions = ["*"] }])' }, 'policy', /policy/],
  'a period without a budget': ['token', { limits: '{ budget_period = "day" }' }, 'limits', /budget_usd/],
  'a limit of nothing': ['token', { limits: '{ requests_per_minute = 0 }' }, 'limits', /requests_per_minute/],
  'an end that is no time': ['token', { expires_at: '"tomorrow"' }, 'expires_at', /RFC 3339/],
  'no models at all': ['token', { allowed_models: '[]' }, 'allowed_models', /1 to 64/],
};

describe('a plan refuses', { skip }, () => {
  for (const [what, [type, changed, attribute, words]] of Object.entries(REFUSED)) {
    test(`${what}`, async () => {
      terraform.write(block(type, { ...GOOD[type], ...changed }));
      const errors = await terraform.errors('validate');
      assert.equal(errors.length, 1, JSON.stringify(errors));
      const [{ address, code, detail }] = errors;
      assert.equal(address, `sluice_${type}.it`);
      assert.match(detail, words);
      assert.match(code, attribute ? new RegExp(`^${attribute} +?=`) : /^resource "sluice_/, detail);
    });
  }

  test('nothing of the good ones', async () => {
    terraform.write(Object.entries(GOOD).map(([type, attributes]) => block(type, attributes)).join('\n') + block('llm_provider', {
      name: '"gateway"', endpoint: '"https://gateway.example/v1"', protocol: '"anthropic_messages"', auth_method: '"custom_headers"', custom_headers: '{ X-Key = sluice_token.it.token }',
    }).replace('"it"', '"gateway"'));
    await terraform.must('validate');
  });

  test('a secret\'s value is not repeated by what refuses it', async () => {
    const value = 'sk-0123456789…abcdef';
    terraform.write(block('secret', { ...GOOD.secret, value: JSON.stringify(value) }));
    const [{ summary, detail }] = await terraform.errors('validate');
    assert.ok(!`${summary}${detail}`.includes(value));
  });

  test('a data source that says nothing of what is meant', async () => {
    terraform.write('data "sluice_llm_provider" "it" {}\n');
    const [{ summary, detail }] = await terraform.errors('validate');
    assert.match(`${summary} ${detail}`, /Which sluice_llm_provider is meant\? Give id or name/);
  });
});

test('a provider without an address or a token says where both are looked for', { skip }, async () => {
  terraform.write(block('organization', GOOD.organization));
  const { SLUICE_ENDPOINT, SLUICE_TOKEN } = terraform.env;
  Object.assign(terraform.env, { SLUICE_ENDPOINT: '', SLUICE_TOKEN: '' });
  const told = (await terraform.errors('plan')).map(({ detail }) => detail).join('\n');
  assert.match(told, /SLUICE_ENDPOINT/);
  assert.match(told, /SLUICE_TOKEN/);
  Object.assign(terraform.env, { SLUICE_ENDPOINT: 'sluice.example', SLUICE_TOKEN });
  assert.match((await terraform.errors('plan'))[0].summary, /no address/);
  Object.assign(terraform.env, { SLUICE_ENDPOINT });
});

test('started by hand the provider says what it is', { skip }, async () => {
  const { code, stdout, stderr } = await capture(`${await provider()}/terraform-provider-sluice`, []);
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /provider for Terraform/);
});
