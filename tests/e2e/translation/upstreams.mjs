// The upstreams of the pair table: how each is registered, what its models are called, and how its requests show what reached it.

import { randomBytes } from 'node:crypto';
import { describe } from 'node:test';
import { SIGNATURE_SENTINEL, claudeSignature, isThoughtSignature, reasoningId } from '../upstream/signatures.mjs';
import { REASONING } from '../upstream/scenario.mjs';
import { auth } from '../upstream/rules.mjs';
import { DRIVERS } from './drivers.mjs';

const REGION = 'eu-central-1';

/** Providers by what they speak. The account at the mock expects what Sluice has to send. */
const MAKERS = {
  chat_completions: (e2e) => e2e.provider({ protocol: 'chat_completions' }),
  responses: (e2e) => e2e.provider({ protocol: 'responses' }),
  anthropic_messages: (e2e) => e2e.anthropicProvider(),
  gemini: (e2e) => {
    const key = e2e.key('AIzaTest');
    return e2e.provider({ provider: 'google', api_key: key }, { expected: auth.xGoogApiKey(key), path: '/v1beta' });
  },
  bedrock_converse: (e2e) => {
    const [id, secret] = [`AKIA${randomBytes(8).toString('hex').toUpperCase()}`, e2e.key('aws/')];
    return e2e.provider(
      { provider: 'bedrock', auth_method: 'aws_sigv4', api_key: JSON.stringify({ access_key_id: id, secret_access_key: secret }), advanced_json: { region: REGION } },
      { expected: auth.sigv4({ accessKeyId: id, secretAccessKey: secret, region: REGION }), path: '' },
    );
  },
};

const claudeThought = (json) => json.messages.flatMap(({ content }) => content).some((block) => block.type === 'thinking' && block.signature === claudeSignature(REASONING));

/**
 * One row per upstream and family, because families of one vendor are sent different things. `model(scenario)` is the upstream's name;
 * `thinker` the same for a model that reasons. `remembered(json)` says whether the mock's own reasoning came back to it.
 */
export const UPSTREAMS = [
  {
    name: 'Chat Completions', protocol: 'chat_completions', model: (scenario) => `gpt-4.1-mock-${scenario}`, thinker: (scenario) => `deepseek-v4-mock-${scenario}`,
    // OpenAI's own chat takes no reasoning back; the servers that show theirs are somebody else's.
    thinkers: (e2e) => e2e.provider({ provider: 'custom', protocol: 'chat_completions' }),
    remembered: (json) => json.messages.some((message) => message.reasoning_content === REASONING),
  },
  {
    name: 'Responses', protocol: 'responses', model: (scenario) => `gpt-4.1-mock-${scenario}`, thinker: (scenario) => `gpt-5-mock-${scenario}`,
    remembered: (json) => json.input.some((item) => item.type === 'reasoning' && reasoningId(item.encrypted_content) !== null),
  },
  { name: 'Claude 4.5', protocol: 'anthropic_messages', model: (scenario) => `claude-sonnet-4-5-mock-${scenario}`, remembered: claudeThought },
  { name: 'Claude 4.8', protocol: 'anthropic_messages', model: (scenario) => `claude-opus-4-8-mock-${scenario}`, adaptive: true, remembered: claudeThought },
  {
    name: 'Gemini 3', protocol: 'gemini', model: (scenario) => `gemini-3-pro-mock-${scenario}`,
    remembered: (json) => json.contents.flatMap(({ parts }) => parts).some(({ functionCall, thoughtSignature: signature }) => functionCall && signature && signature !== SIGNATURE_SENTINEL && isThoughtSignature(signature)),
  },
  // Nothing has to come back to it.
  { name: 'Gemini 2.5', protocol: 'gemini', model: (scenario) => `gemini-2.5-flash-mock-${scenario}`, remembered: null },
  {
    name: 'Claude 4.5 on Bedrock', protocol: 'bedrock_converse', model: (scenario) => `us.anthropic.claude-sonnet-4-5-mock-${scenario}-v1:0`,
    remembered: (json) => json.messages.flatMap(({ content }) => content).some((block) => block.reasoningContent?.reasoningText?.signature === claudeSignature(REASONING)),
  },
].map((upstream) => ({ thinker: upstream.model, ...upstream }));

/**
 * Every client against every upstream: `tests(pair)` is called in a `describe` of its own with `{ driver(), upstream, native, selector, last }`.
 * `scenarios` are the models that it may name.
 */
export function everyPair(e2e, scenarios, tests, { only = () => true } = {}) {
  const made = new Map();
  let token;
  e2e.before(async () => {
    ({ token } = await e2e.mint());
    for (const upstream of UPSTREAMS) {
      const model = await MAKERS[upstream.protocol](e2e);
      const thinker = upstream.thinkers ? await upstream.thinkers(e2e) : model;
      for (const provider of new Set([model, thinker])) {
        const names = new Set(scenarios.flatMap((scenario) => [upstream.model(scenario), upstream.thinker(scenario)]));
        await e2e.models(provider, [...names]);
      }
      made.set(upstream, { model, thinker });
    }
  });
  for (const Client of DRIVERS) {
    for (const upstream of UPSTREAMS) {
      const pair = {
        client: Client.protocol, upstream, native: Client.protocol === upstream.protocol,
        driver: () => new Client(e2e, token),
        token: () => token,
        selector: (scenario, kind = 'model') => `${made.get(upstream)[kind].name}^${upstream[kind](scenario)}`,
        /** The same scenario at another upstream of the table. */
        elsewhere: (other, scenario) => `${made.get(other).thinker.name}^${other.thinker(scenario)}`,
        last: (scenario, kind = 'model') => e2e.upstream.requestsFor(upstream[kind](scenario)).filter(({ site }) => site === made.get(upstream)[kind].name).at(-1),
      };
      if (only(pair)) describe(`${Client.protocol} to ${upstream.name}`, () => tests(pair));
    }
  }
}
