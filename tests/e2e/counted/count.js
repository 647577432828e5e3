// Counts what crosses between JavaScript and wasm, in both directions, by name. Loaded before the Worker, whose module it wraps.

export const crossings = {};
export const statements = [];
export let roundTrips = 0;

/** How much longer D1 takes than it does beside the Worker, in milliseconds. */
let distance = 0;
export const move = (away) => {
  distance = away;
};

/** The wasm's memory. */
let memory;
export const memoryBytes = () => memory.buffer.byteLength;

export function forget() {
  for (const name of Object.keys(crossings)) delete crossings[name];
  statements.length = 0;
  roundTrips = 0;
}

const counted = (direction, functions) => Object.fromEntries(Object.entries(functions).map(([name, it]) => {
  if (typeof it !== 'function') return [name, it];
  // The names end in a hash of the declaration.
  const label = `${direction} ${name.replace(/_[0-9a-f]{16}$/, '')}`;
  return [name, (...given) => {
    crossings[label] = (crossings[label] ?? 0) + 1;
    return it(...given);
  }];
}));

const { Instance } = WebAssembly;
WebAssembly.Instance = function (module, imports) {
  const wrapped = Object.fromEntries(Object.entries(imports).map(([from, functions]) => [from, counted('out', functions)]));
  const instance = new Instance(module, wrapped);
  ({ memory } = instance.exports);
  return { exports: counted('in', instance.exports) };
};

/** The database, with what it is asked noted down. Its name is what the Worker knows a D1 binding by. */
export class D1Database {
  #database;

  constructor(database) {
    this.#database = database;
  }

  prepare(sql) {
    statements.push(sql.trim().split(/\s+/).slice(0, 3).join(' '));
    return this.#database.prepare(sql);
  }

  async batch(prepared) {
    roundTrips += 1;
    if (distance > 0) await new Promise((arrived) => setTimeout(arrived, distance));
    return this.#database.batch(prepared);
  }
}
