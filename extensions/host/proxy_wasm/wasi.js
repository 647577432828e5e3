// What of WASI a module for wasm32-wasip1 needs to come up: an empty world with a clock, randomness and a place to write.
import { Failure } from "../failure.js";

const OK = 0;
const BAD_DESCRIPTOR = 8;
const FAULT = 21;
const NOT_SUPPORTED = 58;
const ERROR_OUTPUT = 2;
const MOST_RANDOM_BYTES = 65_536;

const CALLS = {
  fd_write(host, descriptor, vectors, count, writtenTo) {
    if (descriptor !== 1 && descriptor !== ERROR_OUTPUT) return BAD_DESCRIPTOR;
    let written = 0;
    for (let at = 0; at < Math.min(count >>> 0, 64); at += 1) {
      const ptr = host.memory.u32(vectors + at * 8);
      const len = host.memory.u32(vectors + at * 8 + 4);
      host.memory.view(ptr, len);
      host.log.write(descriptor === ERROR_OUTPUT ? "error" : "info", host.memory.buffer, ptr, len);
      written += len;
    }
    host.memory.setU32(writtenTo, written);
    return OK;
  },

  proc_exit(_host, code) {
    throw new Failure("trap", `the module exited with the code ${code}`);
  },

  environ_sizes_get: none,
  args_sizes_get: none,
  environ_get: () => OK,
  args_get: () => OK,

  clock_time_get(host, _clock, _precision, to) {
    host.memory.setU64(to, BigInt(Date.now()) * 1_000_000n);
    return OK;
  },

  clock_res_get(host, _clock, to) {
    host.memory.setU64(to, 1_000_000n);
    return OK;
  },

  random_get(host, ptr, len) {
    if (len >>> 0 > MOST_RANDOM_BYTES) return NOT_SUPPORTED;
    const bytes = crypto.getRandomValues(new Uint8Array(len >>> 0));
    host.memory.view(ptr, len).set(bytes);
    return OK;
  },

  sched_yield: () => OK,
  fd_close: () => BAD_DESCRIPTOR,
  fd_fdstat_get: () => BAD_DESCRIPTOR,
  fd_prestat_get: () => BAD_DESCRIPTOR,
  fd_prestat_dir_name: () => BAD_DESCRIPTOR,
  fd_read: () => BAD_DESCRIPTOR,
  fd_seek: () => BAD_DESCRIPTOR,
};

/** The modules that WASI's calls are imported from. */
export const WASI_MODULES = ["wasi_snapshot_preview1", "wasi_unstable"];

/** The names that `wasi` has. */
export const WASI_CALLS = Object.keys(CALLS);

/** @param {import("./hostcalls.js").Host} host @returns {WebAssembly.ModuleImports} */
export function wasi(host) {
  const wrapped = {};
  for (const [name, call] of Object.entries(CALLS)) {
    wrapped[name] = (...given) => {
      try {
        host.memory.enter();
        return call(host, ...given);
      } catch (error) {
        if (error instanceof Failure || error instanceof WebAssembly.RuntimeError) throw error;
        return FAULT;
      }
    };
  }
  return wrapped;
}

function none(host, countTo, bytesTo) {
  host.memory.setU32(countTo, 0);
  host.memory.setU32(bytesTo, 0);
  return OK;
}
