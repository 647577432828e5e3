// What is asked of a module before a call goes through it: that it is one, that it comes up, and what it says of itself.
import { inspect } from "../host/inspect.js";
import { instrument } from "../host/instrument.js";
import { BUNDLED_FACTS } from "virtual:sluice-host";
import { fromBase64, sha256, toBase64 } from "./bytes.js";
import { bundledNames, canLoad, runner, storedCode } from "./runner.js";

/** The id of what is only looked at. */
const LOOKED_AT = "check";

/** How long a module may take to come up. */
const PATIENCE_MS = 10_000;

/**
 * @param {string} module JSON: `{"uploaded": base64}`, `{"bundled": name}`, or `{"stored": hash}`
 * @param {string} config JSON
 * @param {string} sql reads the parts of some code
 * @returns {Promise<string>} JSON: what it is, or `{"problem": words}`, `{"config_problem": words}`, `{"unavailable": true}`
 */
export async function check(env, module, config, sql) {
  const source = JSON.parse(module);
  const extension = { version: 0, config: JSON.parse(config), time_limit_ms: 1000, hooks: [], bundled: null, code: null };
  if (source.bundled !== undefined) {
    const facts = BUNDLED_FACTS[source.bundled];
    if (facts === undefined) return problem(`there is no bundled module \`${source.bundled}\`; there are ${bundledNames().join(", ") || "none"}`);
    return described(env, { ...extension, bundled: source.bundled }, null, facts);
  }
  if (!canLoad(env)) return JSON.stringify({ unavailable: true });
  if (source.stored !== undefined) {
    return described(env, { ...extension, code: source.stored }, () => storedCode(env, sql, source.stored), {});
  }
  let bytes;
  try {
    bytes = fromBase64(source.uploaded);
  } catch {
    return problem("it is no base64");
  }
  const { kind, problems } = inspect(bytes);
  if (problems.length > 0) return problem(problems.join("; "));
  let code;
  try {
    code = instrument(bytes);
  } catch (error) {
    return problem(error.message);
  }
  const facts = { kind, sha256: await sha256(bytes), bytes: bytes.length, code_sha256: await sha256(code), code: toBase64(code) };
  return described(env, { ...extension, code: facts.code_sha256 }, async () => code.buffer, facts);
}

async function described(env, extension, code, facts) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`timeout: it did not come up within ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  try {
    const run = runner(env, { ...extension, id: `${LOOKED_AT}.${crypto.randomUUID()}` }, code);
    const description = JSON.parse(await Promise.race([run.describe(), late]));
    await Promise.race([run.hook("configure", ""), late]);
    return JSON.stringify({ ...facts, description });
  } catch (error) {
    const message = String(error.message);
    const refused = message.indexOf("refused_config: ");
    if (refused >= 0) return JSON.stringify({ config_problem: message.slice(refused + "refused_config: ".length) });
    return problem(message);
  } finally {
    clearTimeout(timer);
  }
}

const problem = (words) => JSON.stringify({ problem: words });
