// The playground: a real call through the page, in each protocol, and the same call as the programs that the page writes.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { closingChecks, suite } from '../suite.mjs';
import { TEXT } from '../upstream/scenario.mjs';
import { browser, looksRight, pagesWereClean, skip } from './browser.mjs';
import { fact } from './page.mjs';

const e2e = suite({ CONFIG_TTL_MS: '0' });
const chromium = browser(e2e);
const run = promisify(execFile);

let openai;
let anthropic;
e2e.before(async () => {
  openai = await e2e.provider({ name: 'OpenAI' });
  anthropic = await e2e.anthropicProvider({ name: 'Anthropic' });
  await e2e.models(openai, ['mock-1', 'mock-trickle', 'mock-error-mid-stream']);
  await e2e.models(anthropic, ['mock-claude']);
  await e2e.models(openai, ['mock-error-500'], { fallbacks: ['Anthropic^mock-claude'] });
});

const answer = (page) => page.getByRole('log', { name: 'Answer' });
const ask = async (page, { model, protocol = 'chat_completions', stream = true, prompt = 'Say "hello", it\'s me.' }) => {
  await page.getByLabel('Model').fill(model);
  await page.getByLabel('Protocol').selectOption(protocol);
  await page.getByLabel('Prompt').fill(prompt);
  await page.getByLabel('Stream the answer').setChecked(stream);
  await page.getByRole('button', { name: 'Send' }).click();
};

describe('a call', { skip }, () => {
  for (const [protocol, model] of [['chat_completions', 'OpenAI^mock-1'], ['responses', 'OpenAI^mock-1'], ['anthropic_messages', 'OpenAI^mock-1'], ['chat_completions', 'Anthropic^mock-claude']]) {
    for (const stream of [true, false]) {
      test(`in ${protocol} to ${model}, ${stream ? 'streamed' : 'whole'}, shows its words, who gave them and what they cost`, async () => {
        const page = await chromium.signedIn(e2e.adminToken, '/playground');
        await ask(page, { model, protocol, stream });
        await page.getByText('complete', { exact: true }).waitFor();
        assert.equal(await answer(page).innerText(), TEXT);
        assert.equal(await fact(page, 'Model').innerText(), model);
        assert.equal(await fact(page, 'Attempts').innerText(), '1');
        const id = await fact(page, 'Request').innerText();
        assert.match(await fact(page, 'Cost').innerText(), /^\$0\.00\d+$/);
        assert.equal((await e2e.admin.must('GET', `/api/v1/requests/${id}`)).streamed, stream);
        assert.match(await fact(page, 'Counted').innerText(), /input, .* output/);
      });
    }
  }

  test('before the first one it says what will be seen; after it the page looks right', async () => {
    const page = await chromium.signedIn(e2e.adminToken, '/playground');
    await page.getByText('It appears here word by word').waitFor();
    await looksRight(page, 'playground-empty');
    assert.ok((await page.locator('datalist option').evaluateAll((options) => options.map(({ value }) => value))).includes('OpenAI^mock-1'));
    await ask(page, { model: 'OpenAI^mock-1' });
    await fact(page, 'Cost').waitFor();
    await looksRight(page, 'playground');
  });

  test('that fails over shows each attempt', async () => {
    const page = await chromium.signedIn(e2e.adminToken, '/playground');
    await ask(page, { model: 'OpenAI^mock-error-500' });
    await page.getByText('complete', { exact: true }).waitFor();
    assert.equal(await fact(page, 'Model').innerText(), 'Anthropic^mock-claude');
    const attempts = page.getByRole('table', { name: 'Attempts' });
    await attempts.getByText(/The mock fell over/).waitFor();
    assert.ok((await attempts.getByRole('row').count()) >= 3);
    await looksRight(page, 'playground-failover');
  });

  test('shows words as they come, and stops when it is told to', async () => {
    const page = await chromium.signedIn(e2e.adminToken, '/playground');
    const coming = e2e.upstream.nextFlow();
    await ask(page, { model: 'OpenAI^mock-trickle' });
    const flow = await coming;
    for (let count = 0; count < 4; count += 1) flow.send();
    await answer(page).getByText('Good morning').waitFor();
    await page.getByText('under way', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('stopped', { exact: true }).waitFor();
    assert.match(await answer(page).innerText(), /^Good morning/);
  });
});

describe('what goes wrong', { skip }, () => {
  test('a model that nobody has is refused in the API\'s words, with the request\'s id', async () => {
    const page = await chromium.signedIn(e2e.adminToken, '/playground');
    await ask(page, { model: 'OpenAI^nothing' });
    const problem = page.getByRole('alert');
    await problem.getByText(/nothing/).waitFor();
    assert.match(await problem.innerText(), /req_[0-9A-Za-z]{16}/);
    await page.getByText('failed', { exact: true }).waitFor();
    await page.getByText('404', { exact: true }).waitFor();
    await looksRight(page, 'playground-refused');
  });

  for (const protocol of ['chat_completions', 'responses', 'anthropic_messages']) {
    test(`a stream that breaks half way keeps what came and says so, in ${protocol}`, async () => {
      const page = await chromium.signedIn(e2e.adminToken, '/playground');
      await ask(page, { model: 'OpenAI^mock-error-mid-stream', protocol });
      await page.getByRole('alert').waitFor();
      await page.getByText('failed', { exact: true }).waitFor();
      assert.match(await answer(page).innerText(), /^Good morning/);
    });
  }

  test('a token that may not use the model is told so; it sees usage though it may not read the log', async () => {
    const member = await e2e.mint({ role: undefined, policy: [{ effect: 'allow', actions: ['llm:Invoke'] }], allowed_models: ['OpenAI^mock-1'] });
    const page = await chromium.signedIn(member.token, '/playground');
    await ask(page, { model: 'Anthropic^mock-claude' });
    await page.getByRole('alert').getByText('Not allowed').waitFor();
    await ask(page, { model: 'OpenAI^mock-1' });
    await page.getByText('complete', { exact: true }).waitFor();
    assert.match(await fact(page, 'Tokens').innerText(), /^[\d,]+ in, [\d,]+ out$/);
    assert.equal(await fact(page, 'Cost').count(), 0);
  });
});

describe('the same call as a program', { skip }, () => {
  const here = fileURLToPath(new URL('.', import.meta.url));
  const programs = async ({ protocol, stream }) => {
    const page = await chromium.signedIn(e2e.adminToken, '/playground');
    await page.getByLabel('Model').fill('OpenAI^mock-1');
    await page.getByLabel('Protocol').selectOption(protocol);
    await page.getByLabel('Prompt').fill('Say "hello", it\'s me.\nAnd $HOME.');
    await page.getByLabel('Most tokens').fill('100');
    await page.getByLabel('Tags').fill('batch');
    await page.getByLabel('Stream the answer').setChecked(stream);
    const written = {};
    for (const language of ['curl', 'Python', 'TypeScript']) {
      await page.getByRole('tab', { name: language }).click();
      written[language] = await page.getByRole('region', { name: `This call in ${language}` }).innerText();
      assert.ok(!written[language].includes(e2e.adminToken), 'the token is not in it');
    }
    return written;
  };
  const token = async () => ({ env: { ...process.env, SLUICE_TOKEN: (await e2e.mint()).token, NO_PROXY: '127.0.0.1,localhost' }, timeout: 30_000 });

  for (const protocol of ['chat_completions', 'responses', 'anthropic_messages']) {
    for (const stream of [true, false]) {
      test(`${protocol}, ${stream ? 'streamed' : 'whole'}: curl and TypeScript get the answer, Python can be read`, async () => {
        const written = await programs({ protocol, stream });
        const options = await token();
        const { stdout: curled } = await run('bash', ['-c', `${written.curl.replace('curl ', 'curl -sS ')}`], options);
        assert.ok(curled.includes('morning'), curled);
        const program = `${here}written-${protocol}-${stream}.mjs`;
        try {
          writeFileSync(program, written.TypeScript);
          const { stdout: printed } = await run(process.execPath, [program], options);
          assert.equal(printed.trimEnd(), TEXT);
        } finally {
          rmSync(program, { force: true });
        }
        await run('python3', ['-c', 'import ast, sys; ast.parse(sys.argv[1])', written.Python], options);
      });
    }
  }
});

pagesWereClean(chromium);
closingChecks(e2e);
