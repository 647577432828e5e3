import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutNames } from "../../scripts/build/names.mjs";

const section = (id, ...bytes) => [id, bytes.length, ...bytes];
const custom = (name, ...bytes) => section(0, name.length, ...Buffer.from(name), ...bytes);
const module = (...sections) => Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]);

test("only the section with the functions' names is taken out", () => {
  const types = section(1, 1, 0x60, 0, 0);
  const named = module(types, custom("producers", 0), custom("name", ...new Array(90).fill(0)));
  assert.deepEqual(withoutNames(named), module(types, custom("producers", 0)));
  assert.ok(WebAssembly.validate(withoutNames(named)));
});
