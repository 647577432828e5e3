// Counts what crosses between JavaScript and wasm, in both directions, by name. Loaded before the Worker, whose module it wraps.

export const crossings = {};
export const statements = [];
export let roundTrips = 0;
/** What limiters were asked, and how often. */
export const limiterCalls = {};

/** How much longer D1 and the objects take than they do beside the Worker, in milliseconds. */
let distance = 0;
export const move = (away) => {
  distance = away;
};
const arrived = async () => {
  if (distance > 0) await new Promise((there) => setTimeout(there, distance));
};

/** The wasm's memory. */
let memory;
export const memoryBytes = () => memory.buffer.byteLength;

export function forget() {
  for (const name of Object.keys(crossings)) delete crossings[name];
  statements.length = 0;
  roundTrips = 0;
  for (const ask of Object.keys(limiterCalls)) delete limiterCalls[ask];
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
    await arrived();
    return this.#database.batch(prepared);
  }
}

/** The limiters, with what they are asked. Its name, too, is what the Worker knows such a binding by. */
export class DurableObjectNamespace {
  #objects;

  constructor(objects) {
    this.#objects = objects;
  }

  getByName(name) {
    const object = this.#objects.getByName(name);
    return {
      async fetch(url, init) {
        const { ask } = JSON.parse(init.body ?? '{"ask":"forget"}');
        limiterCalls[ask] = (limiterCalls[ask] ?? 0) + 1;
        await arrived();
        return object.fetch(url, init);
      },
    };
  }
}
