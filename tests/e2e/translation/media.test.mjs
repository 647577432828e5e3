// Images and documents that a client names by their address, for upstreams that take only bytes: the gateway fetches them.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { CLIENTS, closingChecks, suite } from '../suite.mjs';
import { TEXT } from '../upstream/scenario.mjs';
import { everyPair } from './upstreams.mjs';

const e2e = suite();
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

/** Somebody's web server: what it was asked, and with which headers. */
const seen = [];
const server = http.createServer((request, response) => {
  seen.push(request);
  if (request.url === '/moved.png') response.writeHead(302, { location: '/image.png?size=1' }).end();
  else if (request.url === '/loop.png') response.writeHead(302, { location: '/loop.png' }).end();
  else if (request.url.startsWith('/image.png')) response.writeHead(200, { 'content-type': 'image/png' }).end(PNG);
  else response.writeHead(404).end('no');
});
let host;
before(async () => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

const withImage = {
  chat_completions: (url) => ({ messages: [{ role: 'user', content: [{ type: 'text', text: 'what is it?' }, { type: 'image_url', image_url: { url } }] }] }),
  responses: (url) => ({ input: [{ role: 'user', content: [{ type: 'input_text', text: 'what is it?' }, { type: 'input_image', image_url: url }] }] }),
  anthropic_messages: (url) => ({ messages: [{ role: 'user', content: [{ type: 'text', text: 'what is it?' }, { type: 'image', source: { type: 'url', url } }] }] }),
};

everyPair(e2e, ['text'], (pair) => {
  const wire = CLIENTS[pair.client];
  const ask = (path) => e2e.answer(wire.path, { ...wire.request(pair.selector('text')), ...withImage[pair.client](`${host}${path}`) }, { token: pair.token(), headers: wire.headers });

  test('an image reaches the upstream as bytes, redirects followed, and no credential goes to its host', async () => {
    for (const path of ['/image.png', '/moved.png']) {
      seen.length = 0;
      const answer = await ask(path);
      assert.equal(answer.status, 200, answer.text);
      assert.ok(answer.text.includes(TEXT.slice(0, 12)), answer.text);
      assert.ok(pair.last('text').body.includes(PNG.toString('base64')), pair.last('text').body.toString());
      assert.ok(!pair.last('text').body.includes(host));
      for (const { headers } of seen) assert.deepEqual(['authorization', 'x-api-key', 'x-goog-api-key', 'cookie'].filter((name) => headers[name]), []);
    }
  });

  test('an image that cannot be fetched is a 400 that names the field', async () => {
    for (const [path, why] of [['/none.png', /404/], ['/loop.png', /redirects/]]) {
      const error = wire.assertError(await ask(path), 400);
      assert.match(error.message, /content\[1\]/);
      assert.match(error.message, why);
    }
  });
}, { only: ({ upstream }) => ['Gemini 3', 'Claude 4.5 on Bedrock'].includes(upstream.name) });

describe('upstreams that take addresses', () => {
  everyPair(e2e, ['text'], (pair) => {
    test('get the address, and the gateway fetches nothing', async () => {
      const wire = CLIENTS[pair.client];
      seen.length = 0;
      const url = 'https://example.com/image.png';
      const answer = await e2e.answer(wire.path, { ...wire.request(pair.selector('text')), ...withImage[pair.client](url) }, { token: pair.token(), headers: wire.headers });
      assert.equal(answer.status, 200, answer.text);
      assert.ok(pair.last('text').body.includes(url));
    });
  }, { only: ({ upstream, native }) => !native && ['Chat Completions', 'Responses', 'Claude 4.5'].includes(upstream.name) });
});

closingChecks(e2e);
