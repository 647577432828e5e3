// The vendors' lists of models, as strict as the rest: the right method, path, version and page, and nothing in the body.

import { JSON_TYPE } from './behaviours.mjs';

/** What an account lists unless the test says otherwise (`site.models`): more than a page of the small pages here. */
const MODELS = ['mock-one', 'mock-two', 'mock-three'];

/** Two a page, whatever was asked for: a list is not over because it was asked for a thousand. */
const PAGE = 2;

/** The list at a path, or null: `{ name, rules, page }`. */
export function listingOf({ method, url, headers }) {
  if (method !== 'GET') return null;
  const { pathname, searchParams } = new URL(url, 'http://mock');
  const path = pathname.replace(/^\/[^/]+/, '');
  const found = LISTINGS.find((listing) => listing.path.test(path) && (listing.when?.(headers) ?? true));
  return found ? { ...found, query: searchParams } : null;
}

/** The sentences for everything that is wrong with the request for a list. */
export function listingViolations(record, { name, query, params = [] }) {
  const wrong = [];
  if (record.body.length > 0) wrong.push('a list is asked for without a body');
  if (record.headers['content-type'] !== undefined) wrong.push('content-type is sent without a body');
  for (const parameter of query.keys()) if (!params.includes(parameter)) wrong.push(`query parameter ${parameter} is not ${name}'s`);
  for (const size of ['limit', 'pageSize', 'maxResults'].filter((parameter) => query.has(parameter))) {
    if (!(Number(query.get(size)) >= 1 && Number(query.get(size)) <= 1000)) wrong.push(`${size} is ${query.get(size)}`);
  }
  // Later versions of Azure's API do not list deployments at all.
  if (name === 'Azure' && query.get('api-version') !== '2023-03-15-preview') wrong.push(`api-version is ${query.get('api-version')}`);
  if (name !== 'Anthropic' && Object.keys(record.headers).some((header) => header.startsWith('anthropic-'))) wrong.push(`an anthropic header for ${name}`);
  if (name === 'Anthropic' && record.headers['anthropic-version'] !== '2023-06-01') wrong.push(`anthropic-version is ${record.headers['anthropic-version']}`);
  return wrong;
}

/** Answers with the account's models. */
export function list({ site, response, listing }) {
  if (site.listing) return site.listing(response, JSON_TYPE);
  const models = site.models ?? MODELS;
  response.writeHead(200, JSON_TYPE).end(JSON.stringify(listing.page(models, listing.query)));
}

/** The part of the list after `cursor`, and whether there is more. */
function part(models, cursor) {
  const from = cursor === null ? 0 : models.indexOf(cursor) + 1;
  return { shown: models.slice(from, from + PAGE), more: from + PAGE < models.length };
}

const openai = (models) => ({ object: 'list', data: models.map((id) => ({ id, object: 'model', created: 1_700_000_000, owned_by: 'mock' })) });

const LISTINGS = [
  {
    name: 'Anthropic', path: /^(\/v1)?\/models$/, when: (headers) => headers['anthropic-version'] !== undefined, params: ['limit', 'after_id', 'before_id'],
    page(models, query) {
      const { shown, more } = part(models, query.get('after_id'));
      return {
        data: shown.map((id) => ({ type: 'model', id, display_name: `The ${id}`, created_at: '2026-01-01T00:00:00Z', max_input_tokens: 200_000, max_tokens: 64_000 })),
        has_more: more, first_id: shown[0] ?? null, last_id: shown.at(-1) ?? null,
      };
    },
  },
  {
    name: 'Gemini', path: /^\/v1beta\/models$/, params: ['pageSize', 'pageToken'],
    page(models, query) {
      const token = query.get('pageToken');
      const { shown, more } = part(models, token && Buffer.from(token, 'base64').toString());
      return {
        models: shown.map((id) => ({ name: `models/${id}`, displayName: `The ${id}`, inputTokenLimit: 1_048_576, outputTokenLimit: 65_536, supportedGenerationMethods: ['generateContent', 'countTokens'] })),
        ...(more ? { nextPageToken: Buffer.from(shown.at(-1)).toString('base64') } : {}),
      };
    },
  },
  { name: 'Azure', path: /^\/openai\/deployments$/, params: ['api-version'], page: (models) => ({ object: 'list', data: models.map((id) => ({ id, model: 'gpt-5', status: 'succeeded', object: 'deployment' })) }) },
  {
    name: 'Bedrock', path: /^\/foundation-models$/,
    page: (models) => ({
      modelSummaries: [
        ...models.map((modelId) => ({ modelId, modelName: `The ${modelId}`, providerName: 'Mock', inputModalities: ['TEXT'], outputModalities: ['TEXT'], inferenceTypesSupported: ['ON_DEMAND'] })),
        { modelId: 'anthropic.mock-new', modelName: 'New', providerName: 'Mock', inferenceTypesSupported: ['INFERENCE_PROFILE'] },
      ],
    }),
  },
  { name: 'Bedrock', path: /^\/inference-profiles$/, params: ['maxResults', 'nextToken'], page: () => ({ inferenceProfileSummaries: [{ inferenceProfileId: 'us.anthropic.mock-new', inferenceProfileName: 'US New', status: 'ACTIVE', type: 'SYSTEM_DEFINED' }] }) },
  { name: 'Ollama', path: /^\/api\/tags$/, page: (models) => ({ models: models.map((name) => ({ name, model: name, size: 1 })) }) },
  { name: 'OpenAI', path: /\/models$/, page: openai },
];
