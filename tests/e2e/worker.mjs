// The real Worker under `wrangler dev`, as a child process in its own process group, over a database of its own.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const START_BOUND_MS = 60_000;
const groups = new Set();
const folders = new Set();

/** Whatever ends this process, no wrangler, no workerd and no database outlives it. */
function killAll() {
  for (const pid of groups) signalGroup(pid, 'SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
process.on('exit', killAll);
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) {
  process.on(signal, () => {
    killAll();
    process.exit(code);
  });
}

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * One deployment: a persist directory with its migrated database, and the Worker that may be stopped and started over it with
 * other secrets and variables.
 */
export class Deployment {
  /** Everything that any wrangler or workerd of this deployment printed. */
  output = '';
  url = null;
  /** The text of another wrangler.toml for the next start, with absolute paths in it; null for the project's own. */
  config = null;
  #dir;
  #launches = 0;
  #child = null;
  #siblings = [];
  #prefix;

  constructor(dir = mkdtempSync(join(tmpdir(), 'sluice-e2e-')), prefix = '') {
    this.#dir = dir;
    this.#prefix = prefix;
    folders.add(this.#dir);
  }

  /** Another Worker over the same database, with isolates of its own: as another data centre would be. Ends with this one. */
  sibling() {
    const sibling = new Deployment(this.#dir, `sibling-${this.#siblings.length}-`);
    this.#siblings.push(sibling);
    return sibling;
  }

  /** Creates the database. `start` may be called after. */
  async migrate() {
    const { code } = await this.#finished(['d1', 'migrations', 'apply', 'DB', '--local', '--persist-to', this.#persist]);
    if (code !== 0) throw new Error(`the migrations did not apply:\n${this.output}`);
  }

  /** Starts the Worker. A variable that is `undefined` is absent, as on a deployment that never set it. */
  async start(vars) {
    if (this.#child) throw new Error('the Worker is already running');
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#launch(vars);
        return;
      } catch (error) {
        await this.stop();
        if (attempt === 2) throw error;
      }
    }
  }

  /** Stops the Worker and waits until the whole process group is gone. */
  async stop() {
    const child = this.#child;
    this.#child = null;
    this.url = null;
    if (!child) return;
    signalGroup(child.pid, 'SIGTERM');
    const gone = await Promise.race([child.ended.then(() => true), delay(5000).then(() => false)]);
    signalGroup(child.pid, 'SIGKILL');
    if (!gone) await child.ended;
    groups.delete(child.pid);
  }

  async restart(vars) {
    await this.stop();
    await this.start(vars);
  }

  /** Stops everything and removes the database. */
  async dispose() {
    for (const sibling of this.#siblings) await sibling.stop();
    await this.stop();
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 3 });
    folders.delete(this.#dir);
  }

  /** Rows of a read-only query on the local database. Works while the Worker runs. */
  rows(sql, ...params) {
    return using(this.#databaseFile(), { readOnly: true }, (database) => database.prepare(sql).all(...params).map((row) => ({ ...row })));
  }

  /** Changes the database behind the Worker's back, as an attacker or an outage would. */
  tamper(sql, ...params) {
    return using(this.#databaseFile(), {}, (database) => database.prepare(sql).run(...params).changes);
  }

  /** Lets D1 fail at whatever it is asked, until `back` is called: none of its tables is there. Returns `back`. */
  goAway() {
    const tables = this.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%' AND name <> 'd1_migrations'")
      .map(({ name }) => name);
    for (const name of tables) this.tamper(`ALTER TABLE "${name}" RENAME TO "${name}_away"`);
    return () => {
      for (const name of tables) this.tamper(`ALTER TABLE "${name}_away" RENAME TO "${name}"`);
    };
  }

  /** The files that hold a sealed copy in the edge's cache, with their paths. */
  copies() {
    return readdirSync(this.#persist, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\/cache\//.test(`${entry.parentPath}/`))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => readFileSync(path).includes('v1.k1.'));
  }

  /** Every sealed value, wherever the schema keeps it: `{ table, column, id, value, keyId }`. */
  sealed() {
    const columns = this.rows(`SELECT tables.name AS "table", columns.name AS "column"
      FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
      WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%' AND tables.name NOT LIKE '_cf_%'
        AND EXISTS (SELECT 1 FROM pragma_table_info(tables.name) AS ids WHERE ids.name = 'id')
      ORDER BY tables.name, columns.cid`);
    return columns.flatMap(({ table, column }) => this
      .rows(`SELECT id, "${column}" AS value FROM "${table}" WHERE typeof("${column}") = 'text' AND "${column}" GLOB 'v1.*.*' ORDER BY id`)
      .map(({ id, value }) => ({ table, column, id, value, keyId: value.split('.')[1] })));
  }

  /** The bytes of every file the deployment has written: databases, write-ahead logs, caches. */
  files() {
    return readdirSync(this.#persist, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => ({ name: entry.name, bytes: readFileSync(join(entry.parentPath, entry.name)) }));
  }

  /** The memory that the Worker's processes hold, in bytes; null where the system does not say. */
  residentBytes() {
    if (!existsSync('/proc/self/status')) return null;
    const of = (pid, file) => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, 'utf8');
      } catch {
        return '';
      }
    };
    // The fields after the command, which may hold anything but stands in parentheses: state, parent, group.
    const group = (pid) => Number(of(pid, 'stat').split(') ').at(-1).split(' ')[2]);
    const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && group(name) === this.#child?.pid);
    const workerds = processes.filter((pid) => of(pid, 'comm').startsWith('workerd'));
    return workerds.reduce((sum, pid) => sum + Number(/VmRSS:\s+(\d+) kB/.exec(of(pid, 'status'))?.[1] ?? 0) * 1024, 0);
  }

  /** What the limiters of tokens have counted, a document for each that has counted anything. */
  limiterAccounts() {
    return this.#limiters({ readOnly: true }, (database) => database.prepare('SELECT document FROM account').all()).flat().map(({ document }) => document);
  }

  /** Changes what every limiter has counted. The Worker must be stopped: it holds what it has read. */
  tamperLimiters(sql) {
    return this.#limiters({}, (database) => Number(database.prepare(sql).run().changes)).reduce((sum, changes) => sum + changes, 0);
  }

  get #persist() {
    return join(this.#dir, 'state');
  }

  #sqliteFiles(folder) {
    return readdirSync(this.#persist, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.sqlite') && entry.name !== 'metadata.sqlite' && folder.test(entry.parentPath))
      .map((entry) => join(entry.parentPath, entry.name));
  }

  /** What `work` makes of each limiter's database; one that has forgotten everything has no table any more. */
  #limiters(options, work) {
    return this.#sqliteFiles(/Limiter/).flatMap((file) => using(file, options, (database) => {
      const { made } = database.prepare("SELECT count(*) AS made FROM sqlite_schema WHERE name = 'account'").get();
      return made ? [work(database)] : [];
    }));
  }

  /** D1's local file is found by its content: the one with our tables. */
  #databaseFile() {
    const candidates = this.#sqliteFiles(/D1DatabaseObject/);
    if (candidates.length !== 1) throw new Error(`expected one local database, found ${candidates.length}`);
    return candidates[0];
  }

  async #launch(vars) {
    const envFile = join(this.#dir, `${this.#prefix}vars.env`);
    writeFileSync(envFile, Object.entries(vars).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}='${value}'\n`).join(''), { mode: 0o600 });
    const port = await freePort();
    const logs = join(this.#dir, `${this.#prefix}logs-${this.#launches += 1}`);
    const configFile = join(this.#dir, `${this.#prefix}wrangler.toml`);
    if (this.config !== null) writeFileSync(configFile, this.config);
    // `--env-file` also keeps a developer's own `.dev.vars` out of the tests.
    const child = await this.#spawn([
      'dev', '--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0', '--persist-to', this.#persist,
      '--env-file', envFile, '--show-interactive-dev-session=false', ...(this.config === null ? [] : ['--config', configFile]),
    ], logs);
    this.#child = child;
    const url = `http://127.0.0.1:${port}`;
    const until = Date.now() + START_BOUND_MS;
    while (Date.now() < until) {
      if (child.exitCode !== null) throw new Error(`wrangler dev ended with ${child.exitCode}:\n${child.text()}`);
      const ready = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5000) }).then((response) => response.text(), () => null);
      const direct = ready === null ? null : directUrl(logs);
      if (direct !== null) {
        this.url = direct;
        return;
      }
      await delay(100);
    }
    throw new Error(`wrangler dev did not answer within ${START_BOUND_MS} ms:\n${child.text()}`);
  }

  async #finished(args) {
    const child = await this.#spawn(args);
    await child.ended;
    groups.delete(child.pid);
    return { code: child.exitCode };
  }

  async #spawn(args, logs = join(this.#dir, 'logs')) {
    const { wranglerCommand, wranglerEnv } = await import(new URL('../../scripts/wrangler.mjs', import.meta.url));
    const [command, ...prefix] = wranglerCommand();
    const child = spawn(command, [...prefix, ...args], {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...wranglerEnv(), CI: 'true', FORCE_COLOR: '0', WRANGLER_LOG_PATH: logs },
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part) => {
        text += part;
        this.output += part;
      });
    }
    child.text = () => text;
    child.ended = new Promise((resolve, reject) => {
      child.on('exit', resolve);
      child.on('error', reject);
    });
    if (child.pid !== undefined) groups.add(child.pid);
    return child;
  }
}

function using(file, options, work) {
  const database = new DatabaseSync(file, options);
  try {
    database.exec('PRAGMA busy_timeout = 5000');
    return work(database);
  } finally {
    database.close();
  }
}

/**
 * Where this wrangler's workerd itself listens, as wrangler tells its own log. The port that `wrangler dev` was given belongs to a
 * proxy in front of it, which does not pass on that a client has gone away: no cancellation could be tested through it.
 */
function directUrl(logs) {
  const text = readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8')).join('');
  const port = [...text.matchAll(/"userWorkerUrl":\{[^}]*"port":"(\d+)"/g)].at(-1)?.[1];
  return port === undefined ? null : `http://127.0.0.1:${port}`;
}

/** A port that was free a moment ago; `start` tries twice in case it no longer is. */
async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
