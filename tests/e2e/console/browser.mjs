// The console as an operator has it: Debian's Chromium on the real Worker. Whatever a page must never do fails the file: errors
// on its console, violations of its content security policy, requests to another origin.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { ensureChromium } from '../../../scripts/setup/chromium.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PICTURES = fileURLToPath(new URL('../../../artefacts/console/', import.meta.url));
const PATIENCE_MS = 20_000;

/** WCAG 2.2 A and AA, and what axe holds to be good besides. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** How each screen is looked at. */
const LOOKS = [
  { name: 'light', scheme: 'light', width: 1280, height: 800 },
  { name: 'dark', scheme: 'dark', width: 1280, height: 800 },
  { name: '360', scheme: 'light', width: 360, height: 740 },
];

// Chromium calls home where it is let, and as root it runs without a sandbox or not at all.
const FLAGS = [
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

const { executable, missing } = await ensureChromium();

/** For `{ skip }` of tests in a browser: why there is none, or false. In CI its absence is a failure (scripts/test.mjs). */
export const skip = missing ?? false;

/** A browser for the file's tests, on the suite's Worker. */
export function browser(e2e) {
  const browsing = new Browsing(e2e);
  after(() => browsing.end());
  return browsing;
}

class Browsing {
  #e2e;
  #browser = null;
  #origin = null;
  #faults = [];

  constructor(e2e) {
    this.#e2e = e2e;
  }

  /** A page of its own: nothing of another test's session, storage or theme. */
  async page({ width = 1280, height = 800, scheme = 'light' } = {}) {
    this.#browser ??= await chromium.launch({ executablePath: executable, args: FLAGS });
    const context = await this.#browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: 'reduce', locale: 'en-US', timezoneId: 'Europe/Berlin' });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    this.#watch(page);
    return page;
  }

  /** A page at `path` whose visitor has signed in with `token`. */
  async signedIn(token, path = '/', options = {}) {
    const page = await this.page(options);
    await page.goto(this.#e2e.base() + path);
    await signIn(page, token, options);
    // The screen's own heading: the page for signing in has one as well.
    await page.locator('#main h1').waitFor();
    return page;
  }

  async end() {
    await this.#browser?.close();
  }

  /** What any page of the file did that no page may do, since this was asked last. */
  takeFaults() {
    return this.#faults.splice(0);
  }

  /** The Worker's origin, or the one it had: a page asks by itself, also while the Worker restarts or ends. */
  #own() {
    const { url } = this.#e2e.worker;
    if (url) this.#origin = new URL(url).origin;
    return this.#origin;
  }

  #watch(page) {
    page.on('console', (message) => {
      // The browser itself says of every 4xx that it came; what the screen says of it, the tests look at.
      const isAnswer = /^Failed to load resource: the server responded with a status of 4\d\d/.test(message.text());
      if (['error', 'warning'].includes(message.type()) && !isAnswer) this.#faults.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.#faults.push(`thrown: ${error.stack}`));
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== this.#own()) this.#faults.push(`another origin: ${request.url()}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 500) this.#faults.push(`${response.status()} from ${response.url()}`);
    });
  }
}

/** The last test of a file with a browser: no page did what none may do. The pages end here, before the Worker that they ask. */
export function pagesWereClean(browsing) {
  test('no page logged an error, broke its policy or asked another origin', { skip }, async () => {
    await browsing.end();
    assert.deepEqual(browsing.takeFaults(), []);
  });
}

export async function signIn(page, token, { keep = false } = {}) {
  await page.getByLabel('Token', { exact: true }).fill(token);
  if (keep) await page.getByLabel('Stay signed in on this tab').check();
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/**
 * Holds what the page shows now against WCAG 2.2 AA, in light, in dark and at 360 px, where nothing may be wider than the
 * screen, and keeps a picture of each in artefacts/console.
 */
export async function looksRight(page, name) {
  mkdirSync(PICTURES, { recursive: true });
  const before = page.viewportSize();
  for (const look of LOOKS) {
    await page.emulateMedia({ colorScheme: look.scheme });
    await page.setViewportSize({ width: look.width, height: look.height });
    await page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== 'running'));
    await page.screenshot({ path: join(PICTURES, `${name}-${look.name}.png`) });
    assert.deepEqual(await violations(page), [], `${name}, ${look.name}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${name}, ${look.name}: the page is ${wide} px too wide`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  if (before) await page.setViewportSize(before);
}

/** What axe finds, a line each. */
async function violations(page) {
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate((rules) => globalThis.axe.run(document, { runOnly: rules }), RULES);
  return found.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => `${id} (${help}) at ${target.join(' ')}: ${failureSummary}`));
}
