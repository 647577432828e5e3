// What is done to every module before it is stored: it is looked at, and it is given a meter and bounds. Pure: bytes in,
// bytes out.
import { Failure } from "./failure.js";
import { FUEL, REFUSED_GROWTH } from "./meter.js";
import { concat, name, signed, u32, unsupported } from "./wasm/bytes.js";
import { NO_GROW_BODY, chargeBody, growBody, metered, places } from "./wasm/fuel.js";
import { ORDER, SECTION, readModule, section } from "./wasm/module.js";

export { inspect } from "./inspect.js";

/** Pages of 64 KiB that a module's memory may grow to, where nothing else is said: 16 MiB. */
export const DEFAULT_PAGES = 256;

/** What may be asked for at most: 64 MiB. */
export const MOST_PAGES = 1024;

/** Entries that a table may grow to. */
const MOST_ENTRIES = 65_536;

/** Instructions that a module's start function may take: nobody can fill the tank before it runs. */
const START_FUEL = 100_000_000;

const I32 = 0x7f;
const I64 = 0x7e;
const FUNCTION_TYPE = 0x60;
const EXPORTED_GLOBAL = 0x03;
const MUTABLE = 1;

/**
 * @param {Uint8Array} bytes a module
 * @param {{maxPages?: number}} [bounds]
 * @returns {Uint8Array} the same module, that pays from the exported counter `sluice_fuel` for what it runs, traps when
 *   that falls below zero, and whose memory and tables have a maximum
 * @throws {Failure} `unsupported`, by the name of what is not known here
 */
export function instrument(bytes, { maxPages = DEFAULT_PAGES } = {}) {
  if (!Number.isInteger(maxPages) || maxPages < 1 || maxPages > MOST_PAGES) {
    throw new Failure("unsupported", `a memory of ${maxPages} pages: 1 to ${MOST_PAGES} can be had`);
  }
  const module = readModule(bytes);
  for (const { name: taken } of module.exports) {
    if (taken === FUEL || taken === REFUSED_GROWTH) throw unsupported(`the host's own name \`${taken}\``);
  }
  for (const { kind, module: from, name: wanted } of module.imports) {
    if (kind !== "function") throw unsupported(`the imported ${kind} \`${from}.${wanted}\``);
  }
  const { spaces } = module;
  const added = {
    fuel: spaces.globals,
    refusedGrowth: spaces.globals + 1,
    charge: spaces.functions,
    grow: spaces.functions + 1,
    type: spaces.types,
    places: places(),
  };
  return assemble(module, {
    [SECTION.type]: () => appended(module, SECTION.type, [[FUNCTION_TYPE, 1, I32, 1, I32]]),
    [SECTION.function]: () => appended(module, SECTION.function, [u32(added.type), u32(added.type)]),
    [SECTION.table]: () => list(module.tables.map(({ element, limits }) => [element, ...tableLimits(limits)])),
    [SECTION.memory]: () => list(module.memories.map((limits) => memoryLimits(limits, maxPages))),
    [SECTION.global]: () =>
      appended(module, SECTION.global, [
        [I64, MUTABLE, 0x42, ...signed(START_FUEL), 0x0b],
        [I32, MUTABLE, 0x41, 0, 0x0b],
      ]),
    [SECTION.export]: () =>
      appended(module, SECTION.export, [
        [...name(FUEL), EXPORTED_GLOBAL, ...u32(added.fuel)],
        [...name(REFUSED_GROWTH), EXPORTED_GLOBAL, ...u32(added.refusedGrowth)],
      ]),
    [SECTION.code]: () => code(module, added),
  });
}

/** Puts a module together again, with some of its sections made anew. */
function assemble(module, made) {
  const parts = [module.bytes.subarray(0, 8)];
  const missing = ORDER.filter((id) => made[id] && !module.sections.some((each) => each.id === id)).filter(
    (id) => id !== SECTION.table && id !== SECTION.memory,
  );
  const write = (id, content) => parts.push([id, ...u32(content.length)], content);
  const writeMissingBefore = (place) => {
    while (missing.length > 0 && ORDER.indexOf(missing[0]) < place) {
      const id = missing.shift();
      write(id, made[id]());
    }
  };
  for (const { id, from, to } of module.sections) {
    if (id !== SECTION.custom) writeMissingBefore(ORDER.indexOf(id));
    write(id, made[id] ? made[id]() : module.bytes.subarray(from, to));
  }
  writeMissingBefore(ORDER.length);
  return concat(parts);
}

/** A section's entries with more behind them. */
function appended(module, id, entries) {
  const there = section(module, id);
  const count = there ? there.u32() : 0;
  const rest = there ? module.bytes.subarray(there.at, there.end) : [];
  return concat([u32(count + entries.length), rest, ...entries]);
}

const list = (entries) => concat([u32(entries.length), ...entries]);

function memoryLimits({ minimum, maximum }, maxPages) {
  if (minimum > maxPages) {
    throw new Failure("unsupported", `the module's memory begins with ${minimum} pages, at most ${maxPages} are given`);
  }
  return [1, ...u32(minimum), ...u32(Math.min(maximum ?? maxPages, maxPages))];
}

function tableLimits({ minimum, maximum }) {
  if (minimum > MOST_ENTRIES) {
    throw new Failure("unsupported", `a table begins with ${minimum} entries, at most ${MOST_ENTRIES} are given`);
  }
  return [1, ...u32(minimum), ...u32(Math.min(maximum ?? MOST_ENTRIES, MOST_ENTRIES))];
}

function code(module, added) {
  const reader = section(module, SECTION.code);
  const bodies = [];
  for (let count = reader ? reader.u32() : 0; count > 0; count -= 1) {
    bodies.push(metered(reader.part(reader.u32()), module.spaces, added));
  }
  bodies.push(chargeBody(added.fuel), module.spaces.memories > 0 ? growBody(added.refusedGrowth, added.fuel) : NO_GROW_BODY);
  return concat([u32(bodies.length), ...bodies.flatMap((body) => [u32(body.length), body])]);
}
