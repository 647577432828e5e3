// What a guest may answer: each answer is checked here before anything acts on it. Members nobody knows are let be.
import { Failure } from "./failure.js";

/** The version of the envelope and of the exports, in both directions. */
export const ABI = 1;

/** The hooks, each at its number in `sluice_hook`. */
export const HOOKS = ["configure", "request", "response", "event", "settle"];

const TAG_NAME = /^[a-z0-9_]{1,64}$/;
const CODE = /^[a-z0-9_.-]{1,64}$/;
const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const MOST_TAGS = 32;

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value, most) => typeof value === "string" && value.length > 0 && value.length <= most;

const refuse = (words) => {
  throw new Failure("invalid_answer", words);
};

const CHECKS = {
  body: (body) => isObject(body) || refuse("`body` is not an object"),
  model: (model) => isText(model, 256) || refuse("`model` is not a text of 1 to 256 characters"),
  data: (data) => isObject(data) || refuse("`data` is not an object"),
  drop: (drop) => typeof drop === "boolean" || refuse("`drop` is neither true nor false"),
  tags(tags) {
    if (!isObject(tags)) refuse("`tags` is not an object");
    const entries = Object.entries(tags);
    if (entries.length > MOST_TAGS) refuse(`more than ${MOST_TAGS} tags`);
    for (const [name, value] of entries) {
      if (!TAG_NAME.test(name)) refuse("a tag's name is not of a-z, 0-9 and _, at most 64 of them");
      const scalar = typeof value === "boolean" || typeof value === "number" || typeof value === "string";
      if (!scalar) refuse(`the tag \`${name}\` is no string, number or boolean`);
      if (typeof value === "string" && value.length > 256) refuse(`the tag \`${name}\` is longer than 256 characters`);
    }
  },
  refuse(said) {
    if (!isObject(said)) refuse("`refuse` is not an object");
    const { status, message, code } = said;
    const fits = Number.isInteger(status) && ((status >= 400 && status <= 499) || status === 503);
    if (!fits) refuse("`refuse.status` is neither 400 to 499 nor 503");
    if (!isText(message, 2000)) refuse("`refuse.message` is not a text of 1 to 2000 characters");
    if (code !== undefined && !(typeof code === "string" && CODE.test(code))) {
      refuse("`refuse.code` is not of a-z, 0-9, _, . and -, at most 64 of them");
    }
  },
};

const MEMBERS = {
  configure: [],
  request: ["body", "model", "tags", "refuse"],
  response: ["body", "refuse"],
  event: ["data", "drop"],
  settle: [],
};

/**
 * Parses a guest's answer to a hook and checks the members that the hook knows.
 * @param {string} hook one of `HOOKS`
 * @param {string} text what the guest answered
 * @returns {object} the parsed answer
 * @throws {Failure} `invalid_answer`
 */
export function checkAnswer(hook, text) {
  const answer = parse(text);
  if ("error" in answer) {
    if (!isText(answer.error, 2000)) refuse("`error` is not a text of 1 to 2000 characters");
    return answer;
  }
  for (const member of MEMBERS[hook]) {
    if (answer[member] !== undefined) CHECKS[member](answer[member]);
  }
  return answer;
}

/**
 * Checks what a guest says of itself.
 * @param {string} text the answer of `sluice_describe`
 * @returns {{abi: 1, name: string, version: string, description?: string, hooks: string[]}}
 * @throws {Failure} `invalid_answer`
 */
export function checkDescription(text) {
  const description = parse(text);
  const { name, version, hooks } = description;
  if (!(typeof name === "string" && NAME.test(name))) {
    refuse("the description's `name` is not of a-z, 0-9, _ and -, at most 64 of them");
  }
  if (!isText(version, 64)) refuse("the description's `version` is not a text of 1 to 64 characters");
  if (description.description !== undefined && !(typeof description.description === "string" && description.description.length <= 1000)) {
    refuse("the description's `description` is not a text of at most 1000 characters");
  }
  if (!Array.isArray(hooks)) refuse("the description's `hooks` is not a list");
  for (const hook of hooks) {
    if (!HOOKS.includes(hook)) refuse(`the description's \`hooks\` names one that is not of ${HOOKS.join(", ")}`);
  }
  return description;
}

function parse(text) {
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    refuse("the answer is not JSON");
  }
  if (!isObject(answer)) refuse("the answer is not an object");
  if (answer.abi !== ABI) refuse(`the answer's \`abi\` is not ${ABI}`);
  return answer;
}
