// A gateway kept in git, with the real Terraform: document 003's own configuration applied, changed in place, rotated, drifted,
// imported and destroyed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TEXT } from '../upstream/scenario.mjs';
import { auth } from '../upstream/rules.mjs';
import { closingChecks, suite } from '../suite.mjs';
import { REQUIRED, Workspace, example, skip } from './workspace.mjs';

const e2e = suite({ CONFIG_TTL_MS: '0' });
const keys = {};
let terraform;
let site;

e2e.before(async () => {
  if (skip) return;
  terraform = await Workspace.open({ endpoint: e2e.base(), token: e2e.adminToken });
  Object.assign(keys, { openai: e2e.key(), anthropic: e2e.key('sk-ant-test-'), rotated: e2e.key() });
  site = e2e.upstream.site('terraform', auth.bearer(keys.openai));
  give(keys.openai);
});

/** The variables, as people give them to Terraform. */
function give(openai) {
  Object.assign(terraform.env, { TF_VAR_openai_api_key: openai, TF_VAR_anthropic_api_key: keys.anthropic });
}

/** What document 003 takes for granted around its resources. */
const AROUND = `${REQUIRED}
variable "openai_api_key" {
  type      = string
  sensitive = true
}
variable "anthropic_api_key" {
  type      = string
  sensitive = true
}
resource "sluice_organization" "acme" {
  name = "acme"
}
resource "sluice_secret" "anthropic_key" {
  organization_id = sluice_organization.acme.id
  name            = "anthropic-api-key"
  value           = var.anthropic_api_key
}
`;
const DOCUMENT_003 = example('resources/sluice_llm_provider/resource.tf');
const write = (resources, more = '') => terraform.write({ 'around.tf': AROUND, 'resources.tf': resources, 'more.tf': more });

const MODEL = `
resource "sluice_llm_model" "fast" {
  provider_id       = sluice_llm_provider.openai.id
  remote_model_name = "mock-model"
  name              = "fast"
  tags              = ["eu", "cheap"]
  when              = jsonencode({ stream = true })
  cost_per_1k_input = 0.00025
}
`;
const atMock = () => DOCUMENT_003.replace('"https://api.openai.com/v1"', `"${site.baseUrl}/v1/"`);

const row = async (address) => {
  const { [address]: values } = await terraform.state();
  return values;
};

test("document 003's two examples are applied as they stand there, and the plan is empty afterwards", { skip }, async () => {
  write(DOCUMENT_003);
  await terraform.apply();
  assert.deepEqual(await terraform.planned(), {});
  const { id } = await row('sluice_llm_provider.openai');
  const provider = await e2e.admin.must('GET', `/api/v1/providers/${id}`);
  assert.deepEqual(
    [provider.name, provider.base_url, provider.provider, provider.protocol, provider.auth_method, provider.enabled],
    ['openai-prod', 'https://api.openai.com/v1', 'custom', 'responses', 'bearer', true],
  );
  assert.deepEqual(provider.credential, { configured: true, source: 'secret', hint: keys.openai.slice(-4) });
  const secret = await row('sluice_secret.openai_key');
  assert.equal(provider.secret_id, secret.id);
  assert.deepEqual([secret.value, secret.hint], [null, keys.openai.slice(-4)]);
  const anthropic = await e2e.admin.must('GET', `/api/v1/providers/${(await row('sluice_llm_provider.anthropic')).id}`);
  assert.deepEqual([anthropic.protocol, anthropic.auth_method], ['anthropic_messages', 'x_api_key']);
  assert.deepEqual(terraform.holding(...Object.values(keys)), [], 'a key is in a file of Terraform');
});

test('a provider is changed in place, a model comes to it, and a call goes out with the sealed key', { skip }, async () => {
  const { id } = await row('sluice_llm_provider.openai');
  write(atMock(), MODEL);
  assert.deepEqual(await terraform.planned(), { 'sluice_llm_provider.openai': 'update', 'sluice_llm_model.fast': 'create' });
  await terraform.apply();
  assert.deepEqual(await terraform.planned(), {}, 'a trailing slash, or the order of tags, is no difference');
  assert.equal((await row('sluice_llm_provider.openai')).id, id);
  const model = await row('sluice_llm_model.fast');
  assert.deepEqual([model.selector, model.priority, model.weight, model.is_default, model.cost_per_1k_input], ['openai-prod^mock-model', 0, 1, true, 0.00025]);
  assert.equal(await answered(), TEXT);
});

/** What the data plane answers in the organization that Terraform made. */
async function answered() {
  const { id } = await row('sluice_organization.acme');
  const { token } = await e2e.mint({ project_id: id });
  const answer = await e2e.answer('/v1/responses', { model: 'fast', input: 'hello' }, { token });
  assert.equal(answer.status, 200, answer.text);
  return answer.body.output.at(-1).content[0].text;
}

test('a rotated secret is replaced in place, and the next call goes out with it', { skip }, async () => {
  const { id, value_hash: hash } = await row('sluice_secret.openai_key');
  give(keys.rotated);
  site.auth = auth.bearer(keys.rotated);
  assert.deepEqual(await terraform.planned(), { 'sluice_secret.openai_key': 'update' });
  await terraform.apply();
  const after = await row('sluice_secret.openai_key');
  assert.equal(after.id, id);
  assert.notEqual(after.value_hash, hash);
  assert.equal(after.hint, keys.rotated.slice(-4));
  assert.equal(await answered(), TEXT);
  assert.deepEqual(await terraform.planned(), {});
  assert.deepEqual(terraform.holding(...Object.values(keys)), []);
});

test('what somebody else changed is shown, and put right', { skip }, async () => {
  const [provider, model, secret] = await Promise.all(['llm_provider.openai', 'llm_model.fast', 'secret.openai_key'].map((address) => row(`sluice_${address}`)));
  const path = `/api/v1/providers/${provider.id}`;
  await e2e.admin.must('PATCH', path, { enabled: false, base_url: `${site.baseUrl}/elsewhere` });
  await e2e.admin.must('PATCH', `${path}/models/${model.id}`, { when: null, tags: ['other'], cost_per_1k_input: 1 });
  await e2e.admin.must('PATCH', `/api/v1/secrets/${secret.id}`, { value: e2e.key() });
  assert.deepEqual(await terraform.planned(), {
    'sluice_llm_provider.openai': 'update', 'sluice_llm_model.fast': 'update', 'sluice_secret.openai_key': 'update',
  });
  await terraform.apply();
  assert.deepEqual(await terraform.planned(), {});
  const shown = await e2e.admin.must('GET', path);
  assert.deepEqual([shown.enabled, shown.base_url], [true, `${site.baseUrl}/v1`]);
  assert.deepEqual([shown.models[0].when, shown.models[0].cost_per_1k_input], [{ stream: true }, 0.00025]);
  assert.equal(await answered(), TEXT, 'the secret is the one of the configuration again');
});

test('what somebody else deleted is made again', { skip }, async () => {
  const { id, provider_id: provider } = await row('sluice_llm_model.fast');
  await e2e.admin.must('DELETE', `/api/v1/providers/${provider}/models/${id}`);
  assert.deepEqual(await terraform.planned(), { 'sluice_llm_model.fast': 'create' });
  await terraform.apply();
  assert.equal(await answered(), TEXT);
});

test('what is there is imported by its id, and but for the sealed values there is nothing left to do', { skip }, async () => {
  const state = await terraform.state();
  terraform.forget();
  for (const [address, { id }] of Object.entries(state)) await terraform.must('import', '-no-color', address, id);
  assert.deepEqual(await terraform.planned(), { 'sluice_secret.openai_key': 'update', 'sluice_secret.anthropic_key': 'update' });
  await terraform.apply();
  assert.deepEqual(await terraform.planned(), {});
  const again = await terraform.state();
  for (const values of [...Object.values(state), ...Object.values(again)]) delete values.value_hash;
  // Read back, an address is in the API's spelling.
  state['sluice_llm_provider.openai'].endpoint = `${site.baseUrl}/v1`;
  assert.deepEqual(again, state);

  await terraform.must('state', 'rm', 'sluice_llm_model.fast');
  const { id, provider_id: provider } = state['sluice_llm_model.fast'];
  await terraform.must('import', '-no-color', 'sluice_llm_model.fast', `${provider}/${id}`);
  assert.deepEqual(await terraform.planned(), {});
  assert.match(await terraform.refusal('import', 'sluice_organization.other', 'prj_AAAAAAAAAAAAAAAA'), /does not exist|resource address/);
});

test('every attribute is set, taken away and set again in place, and what Sluice means without one is no difference', { skip }, async () => {
  const elsewhere = await Workspace.open({ endpoint: e2e.base(), token: e2e.adminToken });
  const least = (name, model) => `
resource "sluice_llm_provider" "it" {
  name        = "${name}"
  endpoint    = "https://api.example.com"
  protocol    = "chat_completions"
  auth_method = "none"
}
resource "sluice_llm_model" "first" {
  provider_id       = sluice_llm_provider.it.id
  remote_model_name = "first"
  is_default        = ${model === 'first'}
}
resource "sluice_llm_model" "it" {
  provider_id       = sluice_llm_provider.it.id
  remote_model_name = "${model === 'first' ? 'it' : 'renamed'}"
  is_default        = ${model !== 'first'}
}
`;
  const most = `
resource "sluice_llm_provider" "it" {
  name            = "most"
  kind            = "openai"
  endpoint        = "https://api.example.com/v1"
  openai_api_mode = "responses"
  auth_method     = "none"
  advanced_json   = jsonencode({ timeout_ms = 1000, extra_headers = { X-Team = "a" }, temperature = 0.25, stop = null })
  enabled         = false
  on_delete       = "cascade"
}
resource "sluice_llm_model" "first" {
  provider_id       = sluice_llm_provider.it.id
  remote_model_name = "first"
}
resource "sluice_llm_model" "it" {
  provider_id             = sluice_llm_provider.it.id
  remote_model_name       = "it"
  name                    = "everything"
  priority                = -5
  is_default              = true
  enabled                 = false
  tags                    = ["b", "a", "b"]
  when                    = jsonencode({ stream = true, max_tokens = { "$lte" = 4096 }, "metadata.tier" = { "$in" = ["gold", 1.50] } })
  weight                  = 2.5
  fallbacks               = ["most^first"]
  advanced_json           = jsonencode({ temperature = 1e0 })
  multiplier              = 1.1
  cost_per_1k_input       = 0.00025
  cost_per_1k_output      = 1.25e-3
  cost_per_1k_cache_write = 0
  cost_per_1k_cache_read  = 0.000000000001
}
`;
  const all = ['sluice_llm_model.first', 'sluice_llm_model.it', 'sluice_llm_provider.it'];
  let ids = null;
  for (const [what, configuration] of [['least', least('least', 'first')], ['most', most], ['renamed', least('renamed', 'it')], ['most again', most]]) {
    elsewhere.write(configuration);
    const planned = await elsewhere.planned();
    assert.ok(ids === null || Object.values(planned).every((action) => action === 'update'), JSON.stringify(planned));
    await elsewhere.apply();
    assert.deepEqual(await elsewhere.planned(), {}, what);
    const state = await elsewhere.state();
    assert.deepEqual(Object.keys(state).sort(), all);
    ids ??= all.map((address) => state[address].id);
    assert.deepEqual(all.map((address) => state[address].id), ids, `${what}: in place`);
  }
  const shown = await e2e.admin.must('GET', `/api/v1/providers/${ids[2]}`);
  const model = shown.models.find(({ id }) => id === ids[1]);
  assert.deepEqual([shown.advanced_json, shown.openai_api_mode, shown.protocol, shown.enabled], [{ timeout_ms: 1000, extra_headers: { 'X-Team': 'a' }, temperature: 0.25, stop: null }, 'responses', null, false]);
  assert.deepEqual(
    [model.weight, model.priority, model.multiplier, model.fallbacks, model.is_default, model.cost_per_1k_output, model.cost_per_1k_cache_write, model.cost_per_1k_cache_read],
    [2.5, -5, 1.1, ['most^first'], true, 0.00125, 0, 1e-12],
  );
  await elsewhere.destroy();
});

test('all of it is destroyed, in the order that lets it go', { skip }, async () => {
  const { id } = await row('sluice_organization.acme');
  for (const { id: token } of (await e2e.admin.must('GET', `/api/v1/tokens?project_id=${id}`)).data) await e2e.admin.must('DELETE', `/api/v1/tokens/${token}`);
  await terraform.destroy();
  assert.deepEqual(await terraform.state(), {});
  assert.equal((await e2e.admin.get(`/api/v1/projects/${id}`)).status, 404);
});

closingChecks(e2e);
