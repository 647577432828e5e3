// Every instruction that an extension's code may hold, with what follows its opcode. Nothing is skipped unread: an opcode
// that is not known here could hide a loop from the fuel counter.
import { malformed, unsupported } from "./bytes.js";

/** Opcodes that `fuel.js` looks for. */
export const OP = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  call: 0x10,
  localGet: 0x20,
  globalGet: 0x23,
  globalSet: 0x24,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  i32Eq: 0x46,
  i64LtS: 0x53,
  i32ShrU: 0x76,
  i64Sub: 0x7d,
  i64ExtendI32U: 0xad,
};

/** Opcodes behind the prefix 0xfc whose time is in proportion to a length on the stack's top. */
const BULK = new Set([8, 10, 11, 12, 14, 15, 17]);

const EXCEPTIONS = new Set([0x06, 0x07, 0x08, 0x09, 0x0a, 0x18, 0x19, 0x1f]);
const TYPED_REFERENCES = new Set([0x14, 0x15, 0xd3, 0xd4, 0xd5, 0xd6]);
const NUMBERS_AND_REFERENCES = new Set([0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f]);

/**
 * The number of things of each kind, beyond which an index is out of range: what is added behind them must not come into
 * the module's reach.
 * @typedef {{types: number, functions: number, tables: number, memories: number, globals: number}} Spaces
 */

/**
 * Reads one instruction.
 * @param {import("./bytes.js").Reader} code
 * @param {Spaces} spaces
 * @param {number[]} targets gets the labels that it may jump to
 * @returns {number} its opcode; -1 for those in proportion to a length
 */
export function readInstruction(code, spaces, targets) {
  const op = code.byte();
  if ((op >= 0x45 && op <= 0xc4) || op <= 0x01 || op === 0x05 || op === 0x0b || op === 0x0f) return op;
  switch (op) {
    case 0x02:
    case 0x03:
    case 0x04:
      readBlockType(code, spaces);
      return op;
    case 0x0c:
    case 0x0d:
      targets.push(code.u32());
      return op;
    case 0x0e:
      for (let count = code.u32() + 1; count > 0; count -= 1) targets.push(code.u32());
      return op;
    case 0x10:
    case 0x12:
    case 0xd2:
      readIndex(code, spaces.functions, "function");
      return op;
    case 0x11:
    case 0x13:
      readIndex(code, spaces.types, "type");
      readIndex(code, spaces.tables, "table");
      return op;
    case 0x1a:
    case 0x1b:
    case 0xd1:
      return op;
    case 0x1c:
      for (let count = code.u32(); count > 0; count -= 1) readValueType(code);
      return op;
    case 0x20:
    case 0x21:
    case 0x22:
      code.u32();
      return op;
    case 0x23:
    case 0x24:
      readIndex(code, spaces.globals, "global");
      return op;
    case 0x25:
    case 0x26:
      readIndex(code, spaces.tables, "table");
      return op;
    case 0x3f:
    case 0x40:
      readMemoryIndex(code);
      return op;
    case 0x41:
      code.skipSigned(32);
      return op;
    case 0x42:
      code.skipSigned(64);
      return op;
    case 0x43:
      code.skip(4);
      return op;
    case 0x44:
      code.skip(8);
      return op;
    case 0xd0:
      readHeapType(code);
      return op;
    case 0xfc:
      return readPrefixed(code, spaces);
    case 0xfd:
      readVector(code);
      return op;
    default:
      if (op >= 0x28 && op <= 0x3e) {
        readMemoryArgument(code);
        return op;
      }
      throw refused(op);
  }
}

/**
 * Reads a constant expression, with its end.
 * @param {import("./bytes.js").Reader} code
 * @param {Spaces} spaces
 */
export function readConstant(code, spaces) {
  while (readInstruction(code, spaces, []) !== OP.end);
}

/** Reads the type of a value. @param {import("./bytes.js").Reader} reader */
export function readValueType(reader) {
  const type = reader.byte();
  if (NUMBERS_AND_REFERENCES.has(type)) return type;
  throw unsupported(type === 0x69 ? "exceptions" : "types of garbage collection (GC) or typed references");
}

function readBlockType(code, spaces) {
  const first = code.bytes[code.at];
  if (first === 0x40) code.skip(1);
  else if (first >= 0x41 && first <= 0x7f) readValueType(code);
  else {
    const type = code.s33();
    if (type < 0 || type >= spaces.types) throw malformed("a block's type is out of range");
  }
}

function readHeapType(code) {
  const type = code.byte();
  if (type !== 0x70 && type !== 0x6f) {
    throw unsupported(type === 0x69 ? "exceptions" : "types of garbage collection (GC) or typed references");
  }
}

/** Reads an index into a space. @param {import("./bytes.js").Reader} reader */
export function readIndex(reader, count, what) {
  const index = reader.u32();
  if (index >= count) throw malformed(`the index of a ${what} is out of range`);
  return index;
}

function readMemoryIndex(code) {
  if (code.u32() !== 0) throw unsupported("more than one memory");
}

function readMemoryArgument(code) {
  const alignment = code.u32();
  if (alignment >= 64) throw unsupported("more than one memory");
  code.u32();
}

function readPrefixed(code, spaces) {
  const op = code.u32();
  if (op > 17) throw unsupported(`the instruction 0xfc ${op}`);
  if (op === 8) {
    code.u32();
    readMemoryIndex(code);
  } else if (op === 9 || op === 13) {
    code.u32();
  } else if (op === 10) {
    readMemoryIndex(code);
    readMemoryIndex(code);
  } else if (op === 11) {
    readMemoryIndex(code);
  } else if (op === 12) {
    code.u32();
    readIndex(code, spaces.tables, "table");
  } else if (op === 14) {
    readIndex(code, spaces.tables, "table");
    readIndex(code, spaces.tables, "table");
  } else if (op >= 15) {
    readIndex(code, spaces.tables, "table");
  }
  return BULK.has(op) ? -1 : 0xfc;
}

function readVector(code) {
  const op = code.u32();
  if (op > 0x113) throw unsupported(`the instruction 0xfd ${op}`);
  if (op <= 11 || op === 92 || op === 93) {
    readMemoryArgument(code);
  } else if (op === 12 || op === 13) {
    code.skip(16);
  } else if (op >= 21 && op <= 34) {
    code.skip(1);
  } else if (op >= 84 && op <= 91) {
    readMemoryArgument(code);
    code.skip(1);
  }
}

function refused(op) {
  if (EXCEPTIONS.has(op)) return unsupported("exceptions");
  if (TYPED_REFERENCES.has(op)) return unsupported("typed references");
  if (op === 0xfb) return unsupported("garbage collection (GC)");
  if (op === 0xfe) return unsupported("threads");
  return unsupported(`the instruction 0x${op.toString(16).padStart(2, "0")}`);
}
