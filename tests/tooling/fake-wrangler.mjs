// Stands in for wrangler, by SLUICE_WRANGLER: an account in a JSON file (FAKE_ACCOUNT), and a record of what was asked of it.
import { readFileSync, writeFileSync } from "node:fs";

const file = process.env.FAKE_ACCOUNT;
const account = JSON.parse(readFileSync(file, "utf8"));
const args = process.argv.slice(2);
const flag = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const config = flag("--config") && readFileSync(flag("--config"), "utf8");
account.calls.push({ args: args.map((arg) => arg.replace(/json\.\d+$/, "json.PID")), config, secretsFile: flag("--secrets-file") });

const words = args.filter((arg) => !arg.startsWith("-")).join(" ");
const answer = (value) => console.log(JSON.stringify(value));
let code = 0;
if (account.failing && words.startsWith(account.failing)) {
  console.error("Something is wrong with the network");
  code = 1;
} else if (words.startsWith("whoami")) {
  answer(account.loggedIn ? { loggedIn: true, accounts: account.accounts } : { loggedIn: false });
  code = account.loggedIn ? 0 : 1;
} else if (words.startsWith("d1 list")) {
  console.log("[warning] a line that is no JSON");
  answer(account.databases);
} else if (words.startsWith("d1 create")) {
  account.databases.push({ name: args[2], uuid: `uuid-of-${args[2]}` });
} else if (words.startsWith("queues info")) {
  code = account.queues?.includes(args[2]) ? 0 : 1;
  if (code) console.error(`Queue "${args[2]}" does not exist.`);
} else if (words.startsWith("queues create")) {
  account.queues = [...(account.queues ?? []), args[2]];
} else if (words.startsWith("secret list")) {
  if (account.worker) answer(Object.keys(account.worker.secrets).map((name) => ({ name, type: "secret_text" })));
  else {
    console.error(`Worker "sluice" not found.`);
    code = 1;
  }
} else if (words.startsWith("deploy")) {
  account.worker ??= { secrets: {} };
  const secrets = flag("--secrets-file");
  if (secrets) Object.assign(account.worker.secrets, JSON.parse(readFileSync(secrets, "utf8")));
} else if (!words.startsWith("d1 migrations apply")) {
  console.error(`no such command: ${words}`);
  code = 1;
}
writeFileSync(file, JSON.stringify(account));
process.exit(code);
