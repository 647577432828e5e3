// Where a function's code pays for itself, and how much. What is paid is never less than the instructions that run: a
// piece of code is paid for where it begins, and where it begins is passed whenever it runs.
import { Failure } from "../failure.js";
import { concat, malformed, signed, u32 } from "./bytes.js";
import { OP, readInstruction, readValueType } from "./instructions.js";

/** Pieces smaller than this are paid for at the beginning of what they are in: paying costs four instructions itself. */
const SMALLEST_PIECE = 8;

/**
 * What a function's beginning and a loop's turn cost beside their instructions, so that a tight loop, which pays most of the
 * time, does not get more time for its fuel than code in a row.
 */
const PAYING = 8;

/** What engines allow. Each is zeroed when its function is called. */
const MOST_LOCALS = 50_000;

/** A length is paid for by the four bytes, and the way to who works it off beside. */
const SHIFT = 2;
const WAY = 100;

/** What asking for memory costs, which leaves the module: about a microsecond, granted or not. */
const GROWING = 10_000;

/**
 * Writes a function's body anew, so that it pays.
 * @param {import("./bytes.js").Reader} code the body, from its locals to its end
 * @param {import("./instructions.js").Spaces} spaces of the module as it was
 * @param {{fuel: number, charge: number, grow: number, places?: {left: number}}} added the index of the counter; of the function that takes a
 *   length, pays for it and returns it; and of the one that stands for `memory.grow`; and the pieces
 *   that the module may have still
 * @returns {Uint8Array}
 */
export function metered(code, spaces, added) {
  const from = code.at;
  let locals = 0;
  for (let groups = code.u32(); groups > 0; groups -= 1) {
    locals += code.u32();
    if (locals > MOST_LOCALS) throw malformed("a function has too many locals");
    readValueType(code);
  }
  const { payments, edits } = survey(code, spaces, added, added.places ?? places());
  payments[0].cost += locals;
  const paid = payments
    .filter(({ cost, checks }) => checks || cost > 0)
    .map(({ at, cost, checks }) => ({ at, to: at, bytes: pay(added.fuel, cost, checks) }));
  // At one place a payment comes before a call that is written there.
  return splice(code.bytes, from, code.end, [...paid, ...edits].sort((one, other) => one.at - other.at));
}

/** Finds the pieces of a body and what each costs. */
function survey(code, spaces, added, places) {
  const payments = [];
  const edits = [];
  const open = (at, checks, owner) => {
    if ((places.left -= 1) < 0) throw new Failure("unsupported", "the module has more loops and branches than are taken");
    const piece = { at, cost: checks ? PAYING : 0, checks, owner };
    payments.push(piece);
    return piece;
  };
  const settle = (piece) => {
    if (piece.checks || piece.cost >= SMALLEST_PIECE || piece.owner === null) return;
    piece.owner.cost += piece.cost;
    piece.cost = 0;
  };
  const whole = open(code.at, true, null);
  // A frame's `start` is passed whenever anything inside of it runs; a plain block has that of what it stands in.
  const frames = [{ op: OP.block, start: whole, targeted: false }];
  let piece = whole;
  const targets = [];
  while (frames.length > 0) {
    const at = code.at;
    const op = readInstruction(code, spaces, targets);
    piece.cost += 1;
    if (targets.length > 0) {
      for (const label of targets) {
        const frame = frames[frames.length - 1 - label];
        if (frame === undefined) throw malformed("a branch leads nowhere");
        frame.targeted = true;
      }
      targets.length = 0;
    }
    if (op === OP.block) {
      frames.push({ op, start: frames[frames.length - 1].start, targeted: false });
    } else if (op === OP.loop || op === OP.if) {
      const outer = frames[frames.length - 1].start;
      if (piece !== outer) settle(piece);
      piece = open(code.at, op === OP.loop, outer);
      frames.push({ op, start: piece, targeted: false });
    } else if (op === OP.else) {
      const frame = frames[frames.length - 1];
      if (frame.op !== OP.if) throw malformed("an `else` without its `if`");
      const outer = frame.start.owner;
      if (piece !== frame.start) settle(piece);
      settle(frame.start);
      piece = open(code.at, false, outer);
      frame.start = piece;
      frame.op = OP.else;
    } else if (op === OP.end) {
      const frame = frames.pop();
      if (frames.length === 0) {
        if (piece !== frame.start) settle(piece);
      } else if (frame.op !== OP.block || frame.targeted) {
        if (piece !== frame.start) settle(piece);
        const outer = frames[frames.length - 1].start;
        if (frame.op !== OP.block) settle(frame.start);
        piece = open(code.at, false, outer);
      }
    } else if (op === OP.memoryGrow) {
      edits.push({ at, to: code.at, bytes: [OP.call, ...u32(added.grow)] });
    } else if (op === -1) {
      edits.push({ at, to: at, bytes: [OP.call, ...u32(added.charge)] });
    }
  }
  if (!code.done) throw malformed("a function is longer than its code");
  return { payments, edits };
}

/** How many pieces a module may have: compilers' have a tenth of them, and what is read has to fit into a Worker's memory. */
export const places = () => ({ left: 200_000 });

function pay(fuel, cost, checks) {
  const counter = u32(fuel);
  const taken = [OP.globalGet, ...counter, OP.i64Const, ...signed(cost), OP.i64Sub, OP.globalSet, ...counter];
  return checks ? [...taken, ...stopWhenEmpty(fuel)] : taken;
}

function stopWhenEmpty(fuel) {
  const VOID = 0x40;
  return [OP.globalGet, ...u32(fuel), OP.i64Const, 0, OP.i64LtS, OP.if, VOID, OP.unreachable, OP.end];
}

/** @returns {number[]} the body of the function that takes a length in bytes, pays for it and returns it */
export function chargeBody(fuel) {
  const counter = u32(fuel);
  return [
    ...[0, OP.globalGet, ...counter, OP.i64Const, ...signed(WAY), OP.i64Sub],
    ...[OP.localGet, 0, OP.i32Const, SHIFT, OP.i32ShrU, OP.i64ExtendI32U, OP.i64Sub, OP.globalSet, ...counter],
    ...stopWhenEmpty(fuel),
    ...[OP.localGet, 0, OP.end],
  ];
}

/** The same where there is no memory that could grow, and nobody who would call it. */
export const NO_GROW_BODY = [0, OP.localGet, 0, OP.end];

/** @returns {number[]} the body of the function that grows the memory and, where it may not, leaves a mark */
export function growBody(refusedGrowth, fuel) {
  const LOCAL_TEE = 0x22;
  return [
    ...[0, OP.globalGet, ...u32(fuel), OP.i64Const, ...signed(GROWING), OP.i64Sub, OP.globalSet, ...u32(fuel)],
    ...stopWhenEmpty(fuel),
    ...[OP.localGet, 0, OP.memoryGrow, 0, LOCAL_TEE, 0, OP.i32Const, 0x7f, OP.i32Eq],
    ...[OP.if, 0x40, OP.i32Const, 1, OP.globalSet, ...u32(refusedGrowth), OP.end],
    ...[OP.localGet, 0, OP.end],
  ];
}

function splice(bytes, from, to, edits) {
  const parts = [];
  let at = from;
  for (const edit of edits) {
    parts.push(bytes.subarray(at, edit.at), edit.bytes);
    at = edit.to;
  }
  parts.push(bytes.subarray(at, to));
  return concat(parts);
}
