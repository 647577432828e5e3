// The host calls of proxy-wasm 0.2. Those that a filter of whole HTTP bodies needs work; those without a place here are named
// when a filter calls them, because the public Rust crate imports every call there is, called or not.
import { Failure } from "../failure.js";
import { Headers, deserialize, serialize } from "./headers.js";
import { Refused } from "./memory.js";
import { BUFFER, MAP, STATUS } from "./status.js";

const LEVELS = ["debug", "debug", "info", "warn", "error", "error"];
const INFO = 2;

const MOST_SHARED = 256;
const MOST_SHARED_BYTES = 65_536;
const MOST_METRICS = 1000;
const MOST_RESPONSE_BYTES = 65_536;

/**
 * @typedef {object} Host what the calls act on
 * @property {import("./memory.js").Memory} memory
 * @property {import("../log.js").Log} log
 * @property {import("./exchange.js").Exchange | null} exchange the call that a hook is about; null while configuring
 * @property {Uint8Array} configuration the plugin's
 * @property {(context: number) => boolean} turnTo makes another call the one that host calls are about
 * @property {Map<string, {id: number, kind: number, value: bigint}>} metrics
 * @property {Map<string, {bytes: Uint8Array, cas: number}>} shared data that this instance's calls share
 */

/** Each by its name among the imports from `env`. @type {Record<string, (host: Host, ...given: number[]) => number | void>} */
const CALLS = {
  proxy_log(host, level, ptr, len) {
    host.log.write(LEVELS[level] ?? "info", host.memory.buffer, ptr, len);
  },

  proxy_get_log_level(host, to) {
    host.memory.setU32(to, INFO);
  },

  proxy_get_current_time_nanoseconds(host, to) {
    host.memory.setU64(to, BigInt(Date.now()) * 1_000_000n);
  },

  proxy_get_buffer_bytes(host, buffer, start, most, ptrTo, lenTo) {
    const bytes = bufferOf(host, buffer);
    const from = Math.min(start >>> 0, bytes.length);
    host.memory.hand(bytes.subarray(from, Math.min(from + (most >>> 0), bytes.length)), ptrTo, lenTo);
  },

  proxy_set_buffer_bytes(host, buffer, start, size, ptr, len) {
    bufferOf(host, buffer);
    if (host.exchange === null || buffer > BUFFER.responseBody) return STATUS.badArgument;
    host.memory.pay(host.exchange.body.length);
    return taken(host.exchange.splice(start >>> 0, size >>> 0, host.memory.bytes(ptr, len)));
  },

  proxy_get_header_map_size(host, map, to) {
    const { length } = serialize(mapOf(host, map).pairs);
    host.memory.pay(length);
    host.memory.setU32(to, length);
  },

  proxy_get_header_map_pairs(host, map, ptrTo, lenTo) {
    host.memory.hand(serialize(mapOf(host, map).pairs), ptrTo, lenTo);
  },

  proxy_set_header_map_pairs(host, map, ptr, len) {
    const pairs = deserialize(host.memory.view(ptr, len));
    if (pairs === null) return STATUS.badArgument;
    return taken(mapOf(host, map).become(new Headers(pairs).pairs));
  },

  proxy_get_header_map_value(host, map, key, keyLen, ptrTo, lenTo) {
    const value = mapOf(host, map).get(host.memory.text(key, keyLen));
    if (value === null) return STATUS.notFound;
    host.memory.hand(new TextEncoder().encode(value), ptrTo, lenTo);
  },

  proxy_replace_header_map_value(host, map, key, keyLen, value, valueLen) {
    return taken(mapOf(host, map).replace(host.memory.text(key, keyLen), host.memory.text(value, valueLen)));
  },

  proxy_add_header_map_value(host, map, key, keyLen, value, valueLen) {
    return taken(mapOf(host, map).add(host.memory.text(key, keyLen), host.memory.text(value, valueLen)));
  },

  proxy_remove_header_map_value(host, map, key, keyLen) {
    mapOf(host, map).remove(host.memory.text(key, keyLen));
  },

  proxy_get_property(host, ptr, len, ptrTo, lenTo) {
    const path = host.memory.text(ptr, len).replace(/\0$/, "").split("\0");
    const value = rootProperty(path) ?? host.exchange?.property(path) ?? null;
    if (value === null) return STATUS.notFound;
    host.memory.hand(value, ptrTo, lenTo);
  },

  proxy_set_property(host, ptr, len, value, valueLen) {
    if (host.exchange === null) return STATUS.badArgument;
    return taken(host.exchange.setProperty(host.memory.text(ptr, len).replace(/\0$/, ""), host.memory.bytes(value, valueLen)));
  },

  proxy_send_local_response(host, status, _details, _detailsLen, body, bodyLen) {
    if (host.exchange === null) return STATUS.badArgument;
    host.exchange.localResponse = { status, body: host.memory.bytes(body, bodyLen).subarray(0, MOST_RESPONSE_BYTES) };
  },

  proxy_continue_stream(host) {
    if (host.exchange === null) return STATUS.badArgument;
    host.exchange.resumed = true;
  },

  proxy_set_effective_context(host, context) {
    return host.turnTo(context) ? STATUS.ok : STATUS.badArgument;
  },

  proxy_done() {},

  // Metrics count within the instance, so that a filter that counts runs; nobody outside reads them.
  proxy_define_metric(host, kind, ptr, len, idTo) {
    const name = host.memory.text(ptr, len);
    if (!host.metrics.has(name) && host.metrics.size >= MOST_METRICS) return STATUS.internalFailure;
    if (!host.metrics.has(name)) host.metrics.set(name, { id: host.metrics.size + 1, kind, value: 0n });
    host.memory.setU32(idTo, host.metrics.get(name).id);
  },

  proxy_increment_metric(host, id, by) {
    const metric = metricOf(host, id);
    metric.value += BigInt(by);
  },

  proxy_record_metric(host, id, value) {
    metricOf(host, id).value = BigInt(value);
  },

  proxy_get_metric(host, id, to) {
    host.memory.setU64(to, BigInt.asUintN(64, metricOf(host, id).value));
  },

  proxy_get_shared_data(host, key, keyLen, ptrTo, lenTo, casTo) {
    const found = host.shared.get(host.memory.text(key, keyLen));
    if (found === undefined) return STATUS.notFound;
    host.memory.setU32(casTo, found.cas);
    host.memory.hand(found.bytes, ptrTo, lenTo);
  },

  proxy_set_shared_data(host, key, keyLen, value, valueLen, cas) {
    const name = host.memory.text(key, keyLen);
    const there = host.shared.get(name);
    if (cas !== 0 && cas !== there?.cas) return STATUS.casMismatch;
    if (valueLen >>> 0 > MOST_SHARED_BYTES || (!there && host.shared.size >= MOST_SHARED)) return STATUS.internalFailure;
    host.shared.set(name, { bytes: host.memory.bytes(value, valueLen), cas: (there?.cas ?? 0) + 1 });
  },
};

/** Calls that lead out of the filter, which it may not: they fail the hook that makes them. */
const NO_PLACE = [
  "proxy_call_foreign_function",
  "proxy_close_stream",
  "proxy_dequeue_shared_queue",
  "proxy_dispatch_http_call",
  "proxy_enqueue_shared_queue",
  "proxy_get_status",
  "proxy_grpc_call",
  "proxy_grpc_cancel",
  "proxy_grpc_close",
  "proxy_grpc_send",
  "proxy_grpc_stream",
  "proxy_http_call",
  "proxy_register_shared_queue",
  "proxy_resolve_shared_queue",
  "proxy_set_tick_period_milliseconds",
];

/** The names that `hostcalls` has. */
export const HOSTCALLS = [...Object.keys(CALLS), ...NO_PLACE];

/** @param {Host} host @returns {WebAssembly.ModuleImports} */
export function hostcalls(host) {
  const wrapped = {};
  for (const [name, call] of Object.entries(CALLS)) {
    wrapped[name] = (...given) => {
      try {
        host.memory.enter();
        return call(host, ...given) ?? STATUS.ok;
      } catch (error) {
        if (error instanceof Refused) return error.status;
        throw error;
      }
    };
  }
  for (const name of NO_PLACE) {
    wrapped[name] = () => {
      throw new Failure("unsupported", `the filter called \`${name}\`, which has no place here`);
    };
  }
  return wrapped;
}

/** What the host keeps for a filter has an end, as the filter's own memory has. */
const taken = (hadRoom) => (hadRoom ? STATUS.ok : STATUS.badArgument);

function bufferOf(host, buffer) {
  if (buffer === BUFFER.pluginConfiguration) return host.configuration;
  if (buffer === BUFFER.vmConfiguration) return new Uint8Array(0);
  if (host.exchange === null) throw new Refused(STATUS.badArgument);
  const inResponse = host.exchange.responseStatus !== 0;
  if (buffer === (inResponse ? BUFFER.responseBody : BUFFER.requestBody)) return host.exchange.body;
  throw new Refused(buffer > BUFFER.responseBody ? STATUS.badArgument : STATUS.notFound);
}

function mapOf(host, map) {
  if (host.exchange === null) throw new Refused(STATUS.badArgument);
  if (map === MAP.requestHeaders) return host.exchange.requestHeaders;
  if (map === MAP.responseHeaders) return host.exchange.responseHeaders;
  // Trailers there are none, and a change of one goes nowhere.
  if (map === MAP.requestTrailers || map === MAP.responseTrailers) return new Headers([]);
  throw new Refused(STATUS.badArgument);
}

function metricOf(host, id) {
  const found = [...host.metrics.values()].find((metric) => metric.id === id);
  if (found === undefined) throw new Refused(STATUS.notFound);
  return found;
}

function rootProperty(path) {
  const known = { plugin_name: "sluice", plugin_root_id: "", plugin_vm_id: "" };
  return path.length === 1 && Object.hasOwn(known, path[0]) ? new TextEncoder().encode(known[path[0]]) : null;
}

/** @returns {Failure} for a filter that stopped a call and waits for what never comes */
export const waits = () =>
  new Failure("unsupported", "the filter paused the call, and nothing that could resume it is there: no calls out, no timers");
