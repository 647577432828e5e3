// The real `terraform` in a folder of its own, with the provider as it was just built in place of one from a registry: nothing
// is downloaded, and no `terraform init` is needed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildTerraformProvider } from '../../../scripts/build/terraform.mjs';
import { ensureTerraform } from '../../../scripts/setup/terraform.mjs';

const { executable, missing } = await ensureTerraform();

/** Why the tests cannot run here, for `skip`; CI fails before it comes to that. */
export const skip = missing ?? false;

let built = null;
/** The folder of the provider, built once a test file. */
export const provider = () => (built ??= buildTerraformProvider());

/** What Terraform says in JSON, line by line. */
const lines = ({ stdout }) => stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));

const folders = new Set();
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export const REQUIRED = `
terraform {
  required_providers {
    sluice = { source = "sluice/sluice" }
  }
}
`;

/** A file of terraform/examples. */
export const example = (path) => readFileSync(new URL(`../../../terraform/examples/${path}`, import.meta.url), 'utf8');

/** A folder of configuration and its state. */
export class Workspace {
  env = {};
  #folder = mkdtempSync(join(tmpdir(), 'sluice-terraform-'));
  #files = new Set();

  /** `deployment` tells the Worker's address and a token: `{ endpoint, token }`. */
  static async open(deployment) {
    const workspace = new Workspace();
    folders.add(workspace.#folder);
    const overriding = JSON.stringify(await provider());
    const cli = join(workspace.#folder, 'terraform.rc');
    // Without `direct` no other provider can be had: nothing is asked for at a registry.
    writeFileSync(cli, `provider_installation {\n  dev_overrides {\n    "sluice/sluice" = ${overriding}\n  }\n}\n`);
    mkdirSync(join(workspace.#folder, 'work'));
    workspace.env = {
      TF_CLI_CONFIG_FILE: cli, TF_IN_AUTOMATION: '1', TF_INPUT: '0', CHECKPOINT_DISABLE: '1', NO_PROXY: '127.0.0.1,localhost',
      SLUICE_ENDPOINT: deployment.endpoint, SLUICE_TOKEN: deployment.token,
    };
    return workspace;
  }

  path(name) {
    return join(this.#folder, 'work', name);
  }

  /** Writes the configuration anew: by name, or all of it as `main.tf`. */
  write(files) {
    const named = typeof files === 'string' ? { 'main.tf': REQUIRED + files } : files;
    for (const name of this.#files) rmSync(this.path(name));
    this.#files = new Set(Object.keys(named));
    for (const [name, text] of Object.entries(named)) {
      mkdirSync(join(this.path(name), '..'), { recursive: true });
      writeFileSync(this.path(name), text);
    }
  }

  /** Lets providers come from a mirror on disk, as README installs this one, in place of the development override. */
  async mirrored() {
    const { platform } = JSON.parse((await this.must('version', '-json')).stdout);
    const folder = join(this.#folder, 'mirror', 'registry.terraform.io', 'sluice', 'sluice', '0.1.0', platform);
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(await provider(), 'terraform-provider-sluice'), join(folder, 'terraform-provider-sluice_v0.1.0'));
    writeFileSync(this.env.TF_CLI_CONFIG_FILE, `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(join(this.#folder, 'mirror'))}\n  }\n}\n`);
  }

  /** Runs to the end: `{ code, text, stdout }`, `text` being all that was said, its lines unfolded. */
  async run(...args) {
    return this.ended(this.start(...args));
  }

  /** Starts in a process group of its own, as a terminal does. */
  start(...args) {
    const { TF_LOG: _, ...inherited } = process.env;
    return spawn(executable, args, { cwd: this.path(''), env: { ...inherited, ...this.env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  }

  async ended(child) {
    let [stdout, all] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      all += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => (all += text));
    const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    // Terraform draws a bar beside what went wrong, and breaks its lines.
    return { code, stdout, text: all.replaceAll(/^[│╷╵] ?/gm, '').replaceAll(/\s+/g, ' ') };
  }

  async must(...args) {
    const ran = await this.run(...args);
    assert.equal(ran.code, 0, `terraform ${args.join(' ')}: ${ran.text}`);
    return ran;
  }

  apply(...args) {
    return this.must('apply', '-no-color', '-auto-approve', ...args);
  }

  destroy(...args) {
    return this.must('destroy', '-no-color', '-auto-approve', ...args);
  }

  /** The addresses that a plan would change, with what it would do: `{ 'sluice_secret.key': 'update' }`. Empty is an empty plan. */
  async planned(...args) {
    const ran = await this.run('plan', '-json', '-detailed-exitcode', ...args);
    assert.ok([0, 2].includes(ran.code), ran.text);
    const changes = lines(ran).filter(({ type }) => type === 'planned_change').map(({ change }) => [change.resource.addr, change.action]);
    assert.equal(ran.code, changes.length > 0 ? 2 : 0, ran.text);
    return Object.fromEntries(changes);
  }

  /** What a run refuses, which it must. */
  async refusal(...args) {
    const ran = await this.run(...args);
    assert.equal(ran.code, 1, `terraform ${args.join(' ')} went well: ${ran.text}`);
    return ran.text;
  }

  /**
   * The errors of a run that must go wrong: `{ summary, detail, address, code }`, `code` being the line of the configuration that
   * is at fault.
   */
  async errors(...args) {
    const [command, ...rest] = args;
    const ran = await this.run(command, '-json', '-no-color', ...rest);
    assert.equal(ran.code, 1, `terraform ${args.join(' ')} went well: ${ran.text}`);
    const told = command === 'validate'
      ? JSON.parse(ran.stdout).diagnostics
      : lines(ran).map(({ diagnostic }) => diagnostic).filter(Boolean);
    return told.filter(({ severity }) => severity === 'error').map(({ summary, detail = '', address, snippet }) => ({ summary, detail, address, code: snippet?.code?.trim() ?? '' }));
  }

  /** The values in the state, by address, as its file has them. */
  async state() {
    const { resources } = JSON.parse(readFileSync(this.path('terraform.tfstate'), 'utf8'));
    return Object.fromEntries(resources.map(({ mode, type, name, instances: [{ attributes }] }) => [`${mode === 'data' ? 'data.' : ''}${type}.${name}`, attributes]));
  }

  /** The names of Terraform's own files that hold any of these texts. */
  holding(...texts) {
    const names = ['terraform.tfstate', 'terraform.tfstate.backup', 'trace.log'].filter((name) => existsSync(this.path(name)));
    return names.filter((name) => texts.some((text) => readFileSync(this.path(name)).includes(text)));
  }

  /** Forgets what was made. */
  forget() {
    for (const name of ['terraform.tfstate', 'terraform.tfstate.backup']) rmSync(this.path(name), { force: true });
  }
}
