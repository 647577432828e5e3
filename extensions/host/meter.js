// Fuel: every module carries a counter that `instrument.js` put there, and this is who fills it and reads why it stopped.
import { Failure } from "./failure.js";

/** The counter's name among the module's exports: a mutable i64. */
export const FUEL = "sluice_fuel";

/** Set by the module when `memory.grow` was refused: a mutable i32. */
export const REFUSED_GROWTH = "sluice_refused_growth";

/** What the host did is taken from the counter in sums of this, since each access to it costs as much as a small host call. */
const COLLECTED_FROM = 500_000;

/** Fills the tank, runs code, and says what a trap was. */
export class Meter {
  #fuel;
  #refusedGrowth;
  #tank;
  #owed = 0;

  /**
   * @param {WebAssembly.Exports} exports an instrumented module's
   * @param {{fuel: number}} limits `fuel`: what one hook may take, see `FUEL_PER_MS`
   */
  constructor(exports, limits) {
    this.#fuel = exports[FUEL];
    this.#refusedGrowth = exports[REFUSED_GROWTH];
    if (!(this.#fuel instanceof WebAssembly.Global)) {
      throw new Failure("unsupported", "the module carries no fuel counter: it was not instrumented");
    }
    this.#tank = BigInt(limits.fuel);
  }

  /**
   * @param {WebAssembly.Module} module
   * @param {WebAssembly.Imports} imports
   * @returns {WebAssembly.Instance} whose start function, if it has one, ran on the fuel that `instrument` left it
   * @throws {Failure} `unsupported` for imports that are not there, `trap` when it does not come up
   */
  static instantiate(module, imports) {
    try {
      return new WebAssembly.Instance(module, imports);
    } catch (error) {
      if (error instanceof WebAssembly.LinkError || error instanceof TypeError) {
        throw new Failure("unsupported", `the module asks for what is not there: ${error.message}`);
      }
      if (error instanceof RangeError) throw new Failure("out_of_memory", "there is no memory for the module");
      throw new Failure("trap", `the module did not come up: ${error.message}`);
    }
  }

  /** Runs `code` with a full tank. @throws {Failure} */
  run(code) {
    this.#fuel.value = this.#tank;
    this.#owed = 0;
    if (this.#refusedGrowth) this.#refusedGrowth.value = 0;
    return this.spend(code);
  }

  /** Runs `code` with what is left in the tank. @throws {Failure} */
  spend(code) {
    try {
      return code();
    } catch (error) {
      throw this.#why(error);
    }
  }

  /** Takes fuel for what the host does at the module's word: the module stops at its next turn where there is none left. */
  charge(amount) {
    this.#owed += amount;
    if (this.#owed < COLLECTED_FROM) return;
    this.#fuel.value -= BigInt(this.#owed);
    this.#owed = 0;
  }

  #why(error) {
    if (error instanceof Failure) return error;
    if (this.#fuel.value < 0n) {
      return new Failure("out_of_fuel", `the module used up its ${this.#tank} of fuel`);
    }
    // V8's word for a stack that is used up; nothing else in a guest throws a RangeError.
    if (error instanceof RangeError) return new Failure("out_of_fuel", "the module's calls went too deep");
    if (this.#refusedGrowth?.value === 1) return new Failure("out_of_memory", "the module used up its memory");
    return new Failure("trap", `the module trapped: ${error?.message ?? error}`);
  }
}
