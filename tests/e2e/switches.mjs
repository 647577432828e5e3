// wrangler.toml with its switches on, as an operator would uncomment them, and what stands in for a service that cannot be had here.

import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const QUEUE = ['queues.producers', 'queues.consumers'];
export const ANALYTICS = ['analytics_engine_datasets'];
export const EXTENSIONS = ['worker_loaders'];

/** wrangler.toml with some blocks uncommented, and paths that hold from any folder. */
export function configured(blocks, { main = root('build/index.js') } = {}) {
  let toml = readFileSync(root('wrangler.toml'), 'utf8');
  for (const name of blocks) {
    const block = new RegExp(`^# \\[\\[${name.replace('.', '\\.')}\\]\\]\\n(?:# \\w+ = .*\\n)+`, 'm');
    if (!block.test(toml)) throw new Error(`wrangler.toml has no block ${name} to uncomment`);
    toml = toml.replace(block, (text) => text.replaceAll(/^# /gm, ''));
  }
  return toml
    .replace(/^main = .*$/m, `main = ${JSON.stringify(main)}`)
    .replace(/^migrations_dir = .*$/m, `migrations_dir = ${JSON.stringify(root('migrations'))}`)
    .replace(/^directory = .*$/m, `directory = ${JSON.stringify(root('build/console'))}`)
    // Nobody waits five seconds here for a batch to fill.
    .replace(/^max_batch_timeout = .*$/m, 'max_batch_timeout = 1');
}

/**
 * The Worker in an environment with stand-ins: a queue that refuses everything, and a dataset that tells a recorder what it was
 * given, because the local one keeps nothing. `bindings` are of `refusingQueue` and `recordedDataset`, by the names to bind them to.
 */
export function withStandIns(name, bindings, recorderUrl = '') {
  const main = join(tmpdir(), `sluice-e2e-${process.pid}-${name}.mjs`);
  writeFileSync(main, `
import worker, { Limiter } from ${JSON.stringify(root('build/index.js'))};
export { Limiter };
const refusingQueue = () => ({
  async sendBatch() {
    throw new Error('Too Many Requests');
  },
});
const recordedDataset = (context) => ({
  writeDataPoint(point) {
    context.waitUntil(fetch(${JSON.stringify(recorderUrl)}, { method: 'POST', body: JSON.stringify(point) }));
  },
});
const standIn = (handle) => (event, env, context) => (
  handle(event, { ...env, ${Object.entries(bindings).map(([binding, standIn]) => `${binding}: ${standIn}(context)`).join(', ')} }, context)
);
export default Object.fromEntries(Object.entries(worker).map(([name, handle]) => [name, standIn(handle)]));
`);
  return { main, config: configured([], { main }) };
}

/** What is posted to it, as JSON, in `points`. */
export async function startRecorder() {
  const points = [];
  const server = http.createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    points.push(JSON.parse(text));
    response.end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { points, url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}
