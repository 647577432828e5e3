// Signing in and out, and what the shell offers to whom.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { closingChecks, suite } from '../suite.mjs';
import { browser, looksRight, pagesWereClean, signIn, skip } from './browser.mjs';
import { eventually } from './page.mjs';

const e2e = suite({ CONFIG_TTL_MS: '0' });
const chromium = browser(e2e);
const screens = (page) => page.getByRole('navigation', { name: 'Screens' }).getByRole('listitem').getByRole('link').allInnerTexts();

describe('signing in', { skip }, () => {
  test('with the ADMIN_TOKEN shows every screen', async () => {
    const page = await chromium.page();
    await page.goto(e2e.base());
    await eventually(async () => assert.equal(await page.title(), 'Sign in · Sluice'));
    await looksRight(page, 'sign-in');
    await signIn(page, e2e.adminToken);
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    assert.deepEqual(await screens(page), [
      'Overview', 'Providers', 'Secrets', 'Extensions', 'Playground', 'Users', 'Tokens', 'My keys', 'Usage', 'Requests', 'Audit log', 'Projects', 'Sealing keys', 'Settings',
    ]);
    await looksRight(page, 'signed-in');
  });

  test('with a token that nobody knows says so, in the API\'s words and with its request', async () => {
    const page = await chromium.page();
    await page.goto(e2e.base());
    await signIn(page, 'slu_nobodyKnowsThisTokenNobodyKnowsThisTokenNobod');
    const problem = page.getByRole('alert');
    await problem.getByText('This token is not known here: it was mistyped or revoked.').waitFor();
    assert.match(await problem.innerText(), /req_[0-9A-Za-z]{16}/);
    await looksRight(page, 'sign-in-refused');
  });

  test('with what is no token at all is refused without being sent', async () => {
    const page = await chromium.page();
    await page.goto(e2e.base());
    await signIn(page, 'pass wörd');
    await page.getByRole('alert').getByText(/This is no token/).waitFor();
  });

  test('with one that has expired says when', async () => {
    const token = await e2e.mint({ expires_at: new Date(Date.now() + 1500).toISOString() });
    await new Promise((resolve) => setTimeout(resolve, 1600));
    const page = await chromium.page();
    await page.goto(e2e.base());
    await signIn(page, token.token);
    await page.getByRole('alert').getByText(/This token expired at/).waitFor();
  });

  test('is forgotten at a reload, unless asked to stay; then it goes on where it was', async () => {
    const forgetful = await chromium.signedIn(e2e.adminToken, '/secrets');
    await forgetful.reload();
    await forgetful.getByRole('heading', { name: 'Sign in' }).waitFor();

    const page = await chromium.signedIn(e2e.adminToken, '/secrets', { keep: true });
    await page.reload();
    await page.getByRole('heading', { name: 'Secrets', level: 1 }).waitFor();
    const stored = await page.evaluate(() => ({ local: JSON.stringify(localStorage), session: JSON.stringify(sessionStorage), cookies: document.cookie }));
    assert.ok(stored.session.includes(e2e.adminToken));
    assert.ok(!stored.local.includes(e2e.adminToken));
    assert.equal(stored.cookies, '');

    await page.getByRole('button', { name: /^Account/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await eventually(async () => assert.equal(await page.evaluate(() => sessionStorage.length), 0));
  });

  test('ends when the token is revoked meanwhile, and says why', async () => {
    const token = await e2e.mint({ role: 'admin' });
    const page = await chromium.signedIn(token.token, '/secrets');
    await page.getByText('No secrets yet').waitFor();
    await e2e.admin.must('DELETE', `/api/v1/tokens/${token.id}`);
    await page.getByRole('button', { name: 'New secret' }).click();
    await page.getByLabel('Name').fill('x');
    await page.getByRole('button', { name: 'Seal it' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByRole('alert').getByText(/is not known here/).waitFor();
  });
});

describe('what a token may not do', { skip }, () => {
  test('is not offered: a member sees its own screens, and begins with the first of them', async () => {
    const { token } = await e2e.mint({ role: 'member' });
    const page = await chromium.signedIn(token);
    await page.getByRole('heading', { name: 'Providers', level: 1 }).waitFor();
    assert.deepEqual(await screens(page), ['Providers', 'Playground', 'My keys', 'Settings']);
    assert.equal(await page.getByLabel('Project').count(), 0);
  });

  test('is refused in the API\'s words where the address leads there all the same', async () => {
    const { token } = await e2e.mint({ role: 'member' });
    const page = await chromium.signedIn(token, '/secrets');
    const problem = page.getByRole('alert');
    await problem.getByText(/policy does not allow secrets:ListSecrets/).waitFor();
    assert.match(await problem.innerText(), /Not allowed[\s\S]*req_/);
    assert.equal(await page.getByRole('button', { name: 'New secret' }).count(), 0);
    await looksRight(page, 'forbidden');
  });

  test('is decided row by row where the policy names rows', async () => {
    const [mine, other] = [await secret('mine'), await secret('other')];
    const { token } = await e2e.mint({ role: undefined, policy: [
      { effect: 'allow', actions: ['secrets:ListSecrets', 'secrets:GetSecret'] },
      { effect: 'allow', actions: ['secrets:UpdateSecret'], resources: [mine.id] },
    ] });
    const page = await chromium.signedIn(token, '/secrets');
    await page.getByRole('rowheader', { name: 'other' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Actions for mine' }).count(), 1);
    assert.equal(await page.getByRole('button', { name: 'Actions for other' }).count(), 0);
    for (const { id } of [mine, other]) await e2e.admin.must('DELETE', `/api/v1/secrets/${id}`);
  });
});

describe('the shell', { skip }, () => {
  test('goes by keyboard: past the navigation, through it, and the screen that comes has the focus', async () => {
    const page = await chromium.signedIn(e2e.adminToken);
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    // A browser goes on from where the focus was last, even after it was taken away: from the page's beginning.
    await page.evaluate(() => {
      document.body.tabIndex = -1;
      document.body.focus();
      document.body.removeAttribute('tabindex');
    });
    await page.keyboard.press('Tab');
    await eventually(async () => assert.equal(await focused(page), 'Skip to the content'));
    await page.keyboard.press('Enter');
    await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.id), 'main'));
    await page.getByRole('link', { name: 'Secrets' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Secrets', level: 1 }).waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
    assert.equal(await focused(page), 'Secrets');
    assert.equal(await page.title(), 'Secrets · Sluice');
    assert.equal(await page.getByRole('link', { name: 'Secrets' }).getAttribute('aria-current'), 'page');
    await page.goBack();
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  });

  test('keeps its navigation behind a button at 360 px; Escape gives the focus back', async () => {
    const page = await chromium.signedIn(e2e.adminToken, '/', { width: 360, height: 740 });
    const link = page.getByRole('link', { name: 'Secrets' });
    await eventually(async () => assert.equal(await link.isVisible(), false));
    await page.getByRole('button', { name: 'Navigation' }).click();
    await link.waitFor({ state: 'visible' });
    await page.keyboard.press('Escape');
    await link.waitFor({ state: 'hidden' });
    await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Navigation'));
    await page.getByRole('button', { name: 'Navigation' }).click();
    await link.click();
    await page.getByRole('heading', { name: 'Secrets', level: 1 }).waitFor();
    await link.waitFor({ state: 'hidden' });
  });

  test('follows the system\'s theme, or the one that was chosen, which outlives the session', async () => {
    const page = await chromium.signedIn(e2e.adminToken, '/', { scheme: 'dark' });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await background();
    await page.getByRole('button', { name: /^Theme: as the system has it/ }).click();
    await eventually(async () => assert.notEqual(await background(), dark));
    const light = await background();
    await page.reload();
    await eventually(async () => assert.equal(await background(), light));
  });

  test('lets root choose its project', async () => {
    const project = await e2e.admin.must('POST', '/api/v1/projects', { name: 'research' });
    const kept = await e2e.admin.must('POST', '/api/v1/secrets', { name: 'theirs', value: 'a value of research', project_id: project.id });
    const page = await chromium.signedIn(e2e.adminToken, '/secrets');
    await page.getByText('No secrets yet').waitFor();
    await page.getByLabel('Project').selectOption('research');
    await page.getByRole('rowheader', { name: 'theirs' }).waitFor();
    await page.getByLabel('Project').selectOption('default');
    await page.getByText('No secrets yet').waitFor();
    await e2e.admin.must('DELETE', `/api/v1/secrets/${kept.id}`);
  });

  test('says of an address without a screen that there is none', async () => {
    const page = await chromium.signedIn(e2e.adminToken);
    await page.evaluate(() => (history.pushState(null, '', '/nonsense'), dispatchEvent(new PopStateEvent('popstate'))));
    await page.getByText('There is nothing at /nonsense').waitFor();
    await looksRight(page, 'nowhere');
  });
});

const secret = (name) => e2e.admin.must('POST', '/api/v1/secrets', { name, value: 'a value that is long enough' });
const focused = (page) => page.evaluate(() => document.activeElement?.textContent);

pagesWereClean(chromium);
closingChecks(e2e);
