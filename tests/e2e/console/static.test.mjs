// Which paths have the console's page, and which the API's answer.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { describe, test } from 'node:test';
import { closingChecks, suite } from '../suite.mjs';

const e2e = suite();

/** A request as it stands: fetch would add headers of a browser's. */
function ask(path, { method = 'GET', headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(e2e.base() + path, { method, headers: { accept: '*/*', ...headers } }, async (response) => {
      const parts = [];
      for await (const part of response) parts.push(part);
      resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString() });
    });
    request.on('error', reject).end();
  });
}

const navigate = (path) => ask(path, { headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' } });
const isPage = (answer, path) => {
  assert.equal(answer.status, 200, `${path}: ${answer.text}`);
  assert.match(answer.headers['content-type'], /^text\/html/, path);
  assert.match(answer.text, /<div id="console">/, path);
};
const isRefusal = (answer, path, status) => {
  assert.equal(answer.status, status, `${path}: ${answer.text}`);
  assert.match(answer.headers['content-type'], /^application\/json/, path);
  assert.match(answer.headers['x-request-id'], /^req_/, path);
  assert.ok(JSON.parse(answer.text).error, path);
};

describe('the console', () => {
  test('is at /, for a browser and for anybody else', async () => {
    isPage(await navigate('/'), '/');
    isPage(await ask('/'), '/');
  });

  test('is at the address of each of its screens, and of what is within them', async () => {
    for (const path of ['/secrets', '/providers', '/providers/aip_0123456789abcdef', '/providers/aip_0123456789abcdef/models/mdl_0123456789abcdef', '/my-keys', '/users/a?b=c']) {
      isPage(await navigate(path), path);
      isPage(await ask(path), path);
    }
  });

  test('what the page names is there, and may be kept for a year', async () => {
    const { text } = await navigate('/secrets');
    const names = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, name]) => name);
    assert.equal(names.length, 3, text);
    for (const name of names) {
      const answer = await ask(name);
      assert.equal(answer.status, 200, name);
      assert.match(answer.headers['content-type'], name.endsWith('.css') ? /^text\/css/ : /javascript/, name);
      assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable', name);
    }
  });

  test('under the name of a file that is gone there is nothing to be kept', async () => {
    const answer = await ask('/assets/console-GONE.js');
    assert.equal(answer.headers['cache-control'], 'no-cache');
    assert.doesNotMatch(answer.headers['content-type'], /javascript/);
  });

  test('static files come with strict headers, and the page is asked for anew each time', async () => {
    for (const path of ['/', '/secrets', '/icon.svg']) {
      const { headers } = await navigate(path);
      assert.equal(headers['content-security-policy'],
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.match(headers['permissions-policy'], /camera=\(\).*microphone=\(\)/);
      assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
      assert.equal(headers['cache-control'], 'no-cache');
    }
  });

  test('the page holds no script and no style of its own, which its policy would forbid', async () => {
    const { text } = await navigate('/');
    assert.doesNotMatch(text, /<style|style=|<script(?![^>]* src=)|\son\w+=/i);
  });
});

describe('the API', () => {
  test('answers on its paths whoever asks, a browser that navigates among them', async () => {
    for (const path of [
      '/v1', '/v1/', '/v1/models', '/v1/nothing', '/v1/llm-providers', '/v1/proxy/a/b', '/api', '/api/v1', '/api/v1/me', '/api/v1/providers/aip_0123456789abcdef', '/api/v1/nothing',
      '/api/admin/providers', '/api/providers', '/api/models', '/mcp', '/models', '/chat/completions', '/responses', '/messages', '/messages/count_tokens', '/embeddings',
    ]) {
      for (const answer of [await ask(path), await navigate(path)]) isRefusal(answer, path, 401);
    }
  });

  test('refuses a path that is neither the console\'s nor its own', async () => {
    const authorization = `Bearer ${e2e.adminToken}`;
    for (const path of ['/nonsense', '/secretsx', '/index.html', '/index.php', '/favicon.ico', '/_headers', '/console.json', '//', '/x/secrets']) {
      isRefusal(await ask(path), path, 401);
      isRefusal(await navigate(path), path, 401);
      isRefusal(await ask(path, { headers: { authorization } }), path, 404);
      isRefusal(await ask(path, { method: 'POST', headers: { authorization } }), path, 404);
    }
  });

  test('/healthz and /openapi.json need no token, and are the Worker\'s', async () => {
    const health = await navigate('/healthz');
    assert.equal(JSON.parse(health.text).status, 'ok');
    const document = readFileSync(new URL('../../../openapi.json', import.meta.url), 'utf8');
    for (const answer of [await ask('/openapi.json'), await navigate('/openapi.json')]) {
      assert.equal(answer.status, 200, answer.text.slice(0, 300));
      assert.ok(answer.text === document);
      assert.match(answer.headers['content-type'], /^application\/json/);
      assert.equal(answer.headers['cache-control'], 'public, max-age=300');
      assert.match(answer.headers['x-request-id'], /^req_/);
      assert.match(answer.headers['content-security-policy'], /^default-src 'none'; frame-ancestors 'none'$/);
      const again = await ask('/openapi.json', { headers: { 'if-none-match': answer.headers.etag } });
      assert.equal(again.status, 304);
      const head = await ask('/openapi.json', { method: 'HEAD' });
      assert.deepEqual([head.status, head.text, head.headers.etag], [200, '', answer.headers.etag]);
    }
    isRefusal(await ask('/openapi.json', { method: 'POST' }), 'POST /openapi.json', 401);
  });
});

test('a deployment without ADMIN_TOKEN shows the console, and nothing else', async () => {
  await e2e.restart({ ADMIN_TOKEN: undefined });
  isPage(await navigate('/'), '/');
  isRefusal(await ask('/openapi.json'), '/openapi.json', 503);
  isRefusal(await ask('/nonsense'), '/nonsense', 503);
  await e2e.restart();
});

closingChecks(e2e);
