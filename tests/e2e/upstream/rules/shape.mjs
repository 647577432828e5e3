// What a JSON value must look like. A shape is a function of a value and its path that returns sentences; none means it fits.

const check = (what, fits) => (value, path) => (fits(value) ? [] : [`${path} must be ${what}, not ${JSON.stringify(value)?.slice(0, 60)}`]);

export const any = () => [];
export const string = check('a string', (value) => typeof value === 'string');
export const filled = check('a string that is not blank', (value) => typeof value === 'string' && value.trim() !== '');
export const bool = check('a boolean', (value) => typeof value === 'boolean');
export const number = (min = -Infinity, max = Infinity) => check(`a number from ${min} to ${max}`, (value) => typeof value === 'number' && value >= min && value <= max);
export const integer = (min = -Infinity, max = Infinity) => check(`an integer from ${min} to ${max}`, (value) => Number.isInteger(value) && value >= min && value <= max);
export const word = (...words) => check(`one of ${words.join(', ')}`, (value) => words.includes(value));
export const pattern = (regex) => check(`a string like ${regex}`, (value) => typeof value === 'string' && regex.test(value));
export const plainObject = check('an object', isObject);
export const nullable = (shape) => (value, path) => (value === null ? [] : shape(value, path));
export const base64 = check('base64', (value) => typeof value === 'string' && value.length > 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(value) && value.length % 4 === 0);

export function isObject(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

export const list = (item, { min = 0, max = Infinity } = {}) => (value, path) => {
  if (!Array.isArray(value)) return [`${path} must be an array`];
  if (value.length < min || value.length > max) return [`${path} has ${value.length} elements, allowed are ${min} to ${max}`];
  return value.flatMap((element, index) => item(element, `${path}[${index}]`));
};

/** An object with these fields and no others. `needed` names those that must be there. */
export const object = (fields, needed = []) => (value, path) => {
  if (!isObject(value)) return [`${path} must be an object`];
  const at = (key) => (path ? `${path}.${key}` : key);
  return [
    ...needed.filter((key) => value[key] === undefined).map((key) => `${at(key)} is required`),
    ...Object.entries(value).flatMap(([key, inner]) => (Object.hasOwn(fields, key) ? fields[key](inner, at(key)) : [`${at(key)}: extra inputs are not permitted (unknown field)`])),
  ];
};

/** The shape that the value of `tag` names. */
export const tagged = (tag, kinds, fallback) => (value, path) => {
  if (!isObject(value)) return [`${path} must be an object`];
  const kind = value[tag] ?? fallback;
  return Object.hasOwn(kinds, kind) ? kinds[kind](value, path) : [`${path}.${tag} ${JSON.stringify(value[tag])} is unknown`];
};

/** The first shape for a string, the second for anything else. */
export const stringOr = (text, other) => (value, path) => (typeof value === 'string' ? text : other)(value, path);

/** An object with exactly one of these keys. */
export const oneKey = (kinds) => (value, path) => {
  if (!isObject(value)) return [`${path} must be an object`];
  const keys = Object.keys(value);
  if (keys.length !== 1) return [`${path} must have exactly one key, it has ${keys.join(', ') || 'none'}`];
  return Object.hasOwn(kinds, keys[0]) ? kinds[keys[0]](value[keys[0]], `${path}.${keys[0]}`) : [`${path}.${keys[0]}: extraneous key`];
};

/** What OpenAI's `strict` asks of a schema, and Anthropic of every output schema: closed objects, and (OpenAI) nothing optional. */
export function closedSchema(schema, path, { everything }) {
  if (!isObject(schema)) return [];
  const wrong = [];
  if (isObject(schema.properties) || schema.type === 'object') {
    if (schema.additionalProperties !== false) wrong.push(`${path}: additionalProperties must be false`);
    const missing = everything ? Object.keys(schema.properties ?? {}).filter((key) => !(schema.required ?? []).includes(key)) : [];
    if (missing.length > 0) wrong.push(`${path}: required must include every property, ${missing.join(', ')} is missing`);
  }
  const inner = [...Object.entries(schema.properties ?? {}), ...Object.entries(schema.$defs ?? {}), ['items', schema.items], ...(schema.anyOf ?? []).map((one, index) => [`anyOf[${index}]`, one])];
  return [...wrong, ...inner.flatMap(([key, one]) => closedSchema(one, `${path}.${key}`, { everything }))];
}

/** Calls without an answer, and answers without a call, in `turns` of `{ calls, results }`: each turn's results are those directly after it. */
export function pairing(turns, where) {
  return turns.flatMap(({ calls, results }, index) => {
    const wrong = calls.filter((id) => !results.includes(id)).map((id) => `${where} ${index}: the call ${id} has no result directly after it`);
    wrong.push(...results.filter((id) => !calls.includes(id)).map((id) => `${where} ${index}: the result ${id} answers no call of the turn before`));
    if (new Set(calls).size !== calls.length) wrong.push(`${where} ${index}: two calls have one id`);
    if (new Set(results).size !== results.length) wrong.push(`${where} ${index}: one call has two results`);
    return wrong;
  });
}
