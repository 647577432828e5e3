// wrangler.toml with its switches on, as an operator would uncomment them, and what stands in for a service that cannot be had here.

import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const QUEUE = ['queues.producers', 'queues.consumers'];
export const ANALYTICS = ['analytics_engine_datasets'];

/** wrangler.toml with some blocks uncommented, `more` at its end, and paths that hold from any folder. */
export function configured(blocks, { main = root('build/index.js'), more = '' } = {}) {
  let toml = readFileSync(root('wrangler.toml'), 'utf8');
  for (const name of blocks) {
    const block = new RegExp(`^# \\[\\[${name.replace('.', '\\.')}\\]\\]\\n(?:# \\w+ = .*\\n)+`, 'm');
    if (!block.test(toml)) throw new Error(`wrangler.toml has no block ${name} to uncomment`);
    toml = toml.replace(block, (text) => text.replaceAll(/^# /gm, ''));
  }
  return `${toml
    .replace(/^main = .*$/m, `main = ${JSON.stringify(main)}`)
    .replace(/^migrations_dir = .*$/m, `migrations_dir = ${JSON.stringify(root('migrations'))}`)
    .replace(/^directory = .*$/m, `directory = ${JSON.stringify(root('build/console'))}`)
    // Nobody waits five seconds here for a batch to fill.
    .replace(/^max_batch_timeout = .*$/m, 'max_batch_timeout = 1')}\n${more}`;
}

/**
 * The Worker with stand-ins that it is bound to by RPC: a queue that refuses everything, and a dataset that tells a recorder what
 * it was given, because the local one keeps nothing.
 */
export function withStandIns(name, recorderUrl, bindings) {
  const main = join(tmpdir(), `sluice-e2e-${process.pid}-${name}.mjs`);
  writeFileSync(main, `
import { WorkerEntrypoint } from 'cloudflare:workers';
export { default, Limiter } from ${JSON.stringify(root('build/index.js'))};
export class RefusingQueue extends WorkerEntrypoint {
  async sendBatch() {
    throw new Error('Too Many Requests');
  }
}
export class RecordedDataset extends WorkerEntrypoint {
  async writeDataPoint(point) {
    await fetch(${JSON.stringify(recorderUrl)}, { method: 'POST', body: JSON.stringify(point) });
  }
}
`);
  const services = Object.entries(bindings).map(([binding, entrypoint]) =>
    `[[services]]\nbinding = "${binding}"\nservice = "sluice"\nentrypoint = "${entrypoint}"\n`);
  return { main, config: configured([], { main, more: services.join('') }) };
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
