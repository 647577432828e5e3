// The Worker as it ships, with all that crosses between it and JavaScript counted, and all that it asks D1.

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configured } from './switches.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Lets the suite's Worker be the counted one. Returns what takes the counts since the last time. */
export function counted(e2e) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-counted-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const file of ['index.js', 'extensions.js', 'index_bg.wasm']) copyFileSync(path(`../../build/${file}`), join(folder, file));
  for (const file of ['entry.js', 'count.js']) copyFileSync(path(`counted/${file}`), join(folder, file));
  e2e.worker.config = configured([], { main: join(folder, 'entry.js') });
  return async () => {
    const { crossings, ...told } = await (await fetch(`${e2e.base()}/counted`)).json();
    const sum = (direction) => Object.entries(crossings).reduce((all, [name, times]) => all + (name.startsWith(direction) ? times : 0), 0);
    return { out: sum('out '), in: sum('in '), crossings, ...told };
  };
}
