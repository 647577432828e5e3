// What the tests of extensions share: modules that do real work, modules that do harm, and how they are uploaded.

import { readFileSync } from 'node:fs';
import { buildExtensions, exampleModule } from '../../scripts/build/extensions.mjs';
import { guest } from '../tooling/extensions/modules.mjs';

const base64 = (bytes) => Buffer.from(bytes).toString('base64');

/** An example of extensions/examples, in base64. */
export async function example(name) {
  await buildExtensions();
  return base64(readFileSync(exampleModule(name)));
}

/** A module that answers each hook with one thing. */
export const answering = (answer, hooks = ['request']) => base64(guest({ answer, describe: describing(hooks) }));

const describing = (hooks) => ({ abi: 1, name: 'test', version: '1.0.0', hooks });

/** `configure` is hook 0: a module comes up before it does harm. */
const harm = (body, parts = {}) => base64(guest({
  hook: `(if (i32.eqz (local.get 0)) (then (return (i64.const 0)))) ${body}`, describe: describing(['request', 'event', 'settle']), ...parts,
}));

/** Modules that come up and then do harm, each with the code that it fails with. */
export const HARMFUL = {
  'traps': [harm('(unreachable)'), 'trap'],
  'loops without end': [harm('(loop (br 0)) (i64.const 0)'), 'out_of_fuel'],
  'calls itself without end': [harm('(return (call $hook (local.get 0) (local.get 1) (local.get 2)))'), /out_of_fuel|trap/],
  'allocates without end': [harm('(loop (drop (memory.grow (i32.const 16))) (br 0)) (i64.const 0)'), /out_of_memory|out_of_fuel/],
  'answers garbage': [answering('not json'), 'invalid_answer'],
  'lies about its length': [harm('(i64.const 0x00001000ffffffff)'), /invalid_answer|too_large/],
  'answers outside of its memory': [harm('(i64.const 0x7fffff0000000010)'), 'invalid_answer'],
  'answers with an envelope that is none': [answering({ abi: 1, body: 'no object' }), 'invalid_answer'],
  'refuses with a status that is none': [answering({ abi: 1, refuse: { status: 200, message: 'm' } }), 'invalid_answer'],
  'says that it failed': [answering({ abi: 1, error: 'the moon is wrong' }), 'error'],
};

/** A module that fails at a stream's events only. */
export const failingEvents = () => base64(guest({
  hook: '(if (i32.ne (local.get 0) (i32.const 3)) (then (return (i64.const 0)))) (unreachable)', describe: describing(['request', 'event']),
}));

/** What is no extension, each with words of what it is told. */
export const REFUSED = {
  'no module': [base64(Buffer.from('hello')), /magic|module|begin/i],
  'a module of nothing': [base64(Buffer.from([0, 97, 115, 109, 1, 0, 0, 0])), /sluice_abi/],
  'a module that wants more than it gets': [base64(guest({ imports: '(import "env" "fetch" (func $fetch (param i32)))' })), /env\.fetch/],
  'a module of another ABI': [base64(guest({ abi: 2 })), /ABI 2/],
  'a module that describes itself as nothing': [base64(guest({ describe: '{}' })), /abi|name/],
};

/** Uploads an extension of the suite's default project. */
export async function upload(e2e, module, fields = {}) {
  return e2e.admin.must('POST', '/api/v1/extensions', { name: e2e.name('extension'), module_base64: module, ...fields });
}

/** Takes it away again, so that the next test's calls do not go through it. */
export const remove = (e2e, { id }) => e2e.admin.must('DELETE', `/api/v1/extensions/${id}`);
