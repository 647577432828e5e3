// A binary taken apart: its sections, what it imports and exports, and how many things of each kind it has.
import { Reader, malformed, unsupported } from "./bytes.js";
import { readConstant, readIndex, readValueType } from "./instructions.js";

/** Sections by their number; their order in a binary is `ORDER`. */
export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
};

/** The order in which sections come; the custom ones may come anywhere. */
export const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

/** Entries of a section that are kept as objects: what is read has to fit into a Worker's memory. */
const MOST_OBJECTS = 20_000;
const MOST_NUMBERS = 200_000;

const KINDS = ["function", "table", "memory", "global", "tag"];

/**
 * @typedef {{minimum: number, maximum: number | null}} Limits
 * @typedef {object} Module
 * @property {{id: number, from: number, to: number}[]} sections with their contents' place in `bytes`
 * @property {{params: number[], results: number[]}[]} types
 * @property {{module: string, name: string, kind: string, type?: number}[]} imports
 * @property {{name: string, kind: string, index: number}[]} exports
 * @property {number[]} functions the type of each, imported ones first
 * @property {{element: number, limits: Limits}[]} tables its own
 * @property {Limits[]} memories its own
 * @property {import("./instructions.js").Spaces} spaces
 * @property {Uint8Array} bytes
 */

/**
 * Takes a binary apart and checks each index that stands outside of the code.
 * @param {Uint8Array} bytes
 * @returns {Module}
 * @throws {import("../failure.js").Failure} `unsupported`, by name
 */
export function readModule(bytes) {
  const reader = new Reader(bytes);
  const isWasm = bytes.length >= 8 && [0x00, 0x61, 0x73, 0x6d].every((byte, at) => bytes[at] === byte);
  if (!isWasm) throw malformed("it does not begin as WebAssembly does");
  if (![1, 0, 0, 0].every((byte, at) => bytes[4 + at] === byte)) {
    throw unsupported("another version of the binary format, as components do");
  }
  reader.skip(8);
  const module = {
    bytes,
    sections: [],
    types: [],
    imports: [],
    exports: [],
    functions: [],
    tables: [],
    memories: [],
    spaces: { types: 0, functions: 0, tables: 0, memories: 0, globals: 0 },
  };
  let last = -1;
  while (!reader.done) {
    const id = reader.byte();
    const content = reader.part(reader.u32());
    if (id !== SECTION.custom) {
      const place = ORDER.indexOf(id);
      if (place === -1) throw unsupported(`a section with the number ${id}`);
      if (place <= last) throw malformed("its sections are out of order");
      last = place;
    }
    module.sections.push({ id, from: content.at, to: content.end });
    const read = READERS[id];
    if (read) {
      read(module, content);
      if (!content.done) throw malformed("a section is longer than what it holds");
    }
  }
  return module;
}

/** @returns {Reader | null} the contents of a section, by its number */
export function section(module, id) {
  const found = module.sections.find((each) => each.id === id);
  return found ? new Reader(module.bytes, found.from, found.to) : null;
}

const READERS = {
  [SECTION.type](module, reader) {
    each(reader, () => {
      const form = reader.byte();
      if (form !== 0x60) throw unsupported("types of garbage collection (GC)");
      const params = each(reader, () => readValueType(reader));
      module.types.push({ params, results: each(reader, () => readValueType(reader)) });
    }, MOST_OBJECTS);
    module.spaces.types = module.types.length;
  },

  [SECTION.import](module, reader) {
    each(reader, () => {
      const from = reader.name();
      const name = reader.name();
      const kind = KINDS[reader.byte()];
      if (kind === undefined) throw malformed("an import is of no known kind");
      if (kind === "tag") throw unsupported("exceptions");
      const found = { module: from, name, kind };
      if (kind === "function") {
        found.type = readIndex(reader, module.spaces.types, "type");
        module.functions.push(found.type);
        module.spaces.functions += 1;
      } else if (kind === "table") {
        readTable(reader);
        module.spaces.tables += 1;
      } else if (kind === "memory") {
        readMemory(reader);
        module.spaces.memories += 1;
      } else {
        readGlobalType(reader);
        module.spaces.globals += 1;
      }
      module.imports.push(found);
    }, MOST_OBJECTS);
  },

  [SECTION.function](module, reader) {
    each(reader, () => module.functions.push(readIndex(reader, module.spaces.types, "type")));
    module.spaces.functions = module.functions.length;
  },

  [SECTION.table](module, reader) {
    each(reader, () => module.tables.push(readTable(reader)));
    module.spaces.tables += module.tables.length;
  },

  [SECTION.memory](module, reader) {
    each(reader, () => module.memories.push(readMemory(reader)));
    module.spaces.memories += module.memories.length;
    if (module.spaces.memories > 1) throw unsupported("more than one memory");
  },

  [SECTION.tag]() {
    throw unsupported("exceptions");
  },

  [SECTION.global](module, reader) {
    each(reader, () => {
      readGlobalType(reader);
      readConstant(reader, module.spaces);
      module.spaces.globals += 1;
    });
  },

  [SECTION.export](module, reader) {
    const { functions, tables, memories, globals } = module.spaces;
    each(reader, () => {
      const name = reader.name();
      const kind = KINDS[reader.byte()];
      const count = { function: functions, table: tables, memory: memories, global: globals }[kind];
      if (count === undefined) throw unsupported("an export of a kind that is not known");
      module.exports.push({ name, kind, index: readIndex(reader, count, kind) });
    }, MOST_OBJECTS);
  },

  [SECTION.start](module, reader) {
    readIndex(reader, module.spaces.functions, "function");
  },

  [SECTION.element](module, reader) {
    const { spaces } = module;
    each(reader, () => {
      const flags = reader.u32();
      if (flags > 7) throw malformed("an element segment is of no known kind");
      const active = (flags & 1) === 0;
      const explicit = (flags & 2) !== 0;
      if (active && explicit) readIndex(reader, spaces.tables, "table");
      if (active) readConstant(reader, spaces);
      const expressions = (flags & 4) !== 0;
      if (flags & 3) {
        if (expressions) readValueType(reader);
        else if (reader.byte() !== 0) throw malformed("an element segment is of no known kind");
      }
      each(reader, () => (expressions ? readConstant(reader, spaces) : readIndex(reader, spaces.functions, "function")));
    });
  },

  [SECTION.data](module, reader) {
    each(reader, () => {
      const flags = reader.u32();
      if (flags > 2) throw malformed("a data segment is of no known kind");
      if (flags === 2 && reader.u32() !== 0) throw unsupported("more than one memory");
      if (flags !== 1) readConstant(reader, module.spaces);
      reader.skip(reader.u32());
    });
  },
};

function each(reader, read, most = MOST_NUMBERS) {
  const found = [];
  let count = reader.u32();
  if (count > most) throw unsupported("more entries in a section than are taken");
  for (; count > 0; count -= 1) found.push(read());
  return found;
}

function readTable(reader) {
  const element = reader.byte();
  if (element !== 0x70 && element !== 0x6f) throw unsupported("typed references");
  return { element, limits: readLimits(reader) };
}

function readMemory(reader) {
  return readLimits(reader);
}

function readLimits(reader) {
  const flags = reader.byte();
  if (flags & 0x02) throw unsupported("threads");
  if (flags & 0x04) throw unsupported("memory64");
  if (flags > 1) throw unsupported("a memory with pages of another size");
  const minimum = reader.u32();
  return { minimum, maximum: flags & 0x01 ? reader.u32() : null };
}

function readGlobalType(reader) {
  readValueType(reader);
  if (reader.byte() > 1) throw unsupported("threads");
}
