// The command's own words.
import { Stop } from "../stop.mjs";
import { QUICK, SCENARIOS } from "./scenarios.mjs";

export const HELP = `npm run bench -- [options]

  --quick              1 KB unary and a stream of Chat Completions, two seconds each, without peers
  --scenario NAME      only this one; several times, or NAME,NAME, for more; a * stands for anything
  --gateway NAME       only this one beside the pass-through; several times for more
  --against FOLDER     another build of Sluice (a copy of build/), in the same rounds, as the row \`against\`
  --rounds N           3
  --seconds N          5: how long each gateway is loaded in each round, in slices of a second
  --seed N             decides the order of the gateways; printed, so that it can be repeated
  --save               keeps the raw numbers as bench/results/<date>-<commit>.json (else bench/out/last.json)
  --write [FILE]       writes the tables of a raw file (else of this run) into BENCHMARKS.md; with a FILE nothing is run
  --list               the scenarios and the gateways, and which are installed`;

const NUMBERS = ["--rounds", "--seconds", "--seed"];

export function parseOptions(args, gateways) {
  const options = {
    rounds: 3,
    seconds: null,
    seed: null,
    scenarios: [],
    gateways: [],
    against: null,
    quick: false,
    save: false,
    write: null,
    list: false,
    help: false,
  };
  const rest = [...args];
  const value = (flag) => {
    const next = rest.shift();
    if (next === undefined || next.startsWith("--")) throw new Stop(`${flag} wants a value.\n\n${HELP}`);
    return next;
  };
  while (rest.length > 0) {
    const flag = rest.shift();
    if (NUMBERS.includes(flag)) {
      const word = value(flag);
      if (!/^[1-9]\d*(\.\d+)?$/.test(word)) throw new Stop(`${flag} wants a number above zero, not ${word}.`);
      options[flag.slice(2)] = Number(word);
    } else if (flag === "--scenario")
      options.scenarios.push(
        ...value(flag)
          .split(",")
          .flatMap((word) => named(word, SCENARIOS, "scenario")),
      );
    else if (flag === "--gateway")
      options.gateways.push(
        ...value(flag)
          .split(",")
          .flatMap((word) => named(word, gateways, "gateway")),
      );
    else if (flag === "--against") options.against = value(flag);
    else if (flag === "--write") options.write = rest.length > 0 && !rest[0].startsWith("--") ? rest.shift() : true;
    else if (["--quick", "--save", "--list", "--help"].includes(flag)) options[flag.slice(2)] = true;
    else throw new Stop(`${flag} is no option.\n\n${HELP}`);
  }
  if (!Number.isInteger(options.rounds)) throw new Stop("--rounds wants a whole number.");
  options.seconds ??= options.quick ? 2 : 5;
  if (options.scenarios.length === 0) options.scenarios = options.quick ? QUICK : SCENARIOS.map(({ name }) => name);
  if (options.gateways.length === 0) options.gateways = options.quick ? ["sluice"] : gateways.map(({ name }) => name);
  // Every ratio is to the pass-through, and a stream's also to the pump.
  options.gateways = [...new Set(["pass-through", "js-pump", ...options.gateways])];
  return options;
}

function named(word, list, what) {
  const pattern = new RegExp(`^${word.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);
  const found = list.map(({ name }) => name).filter((name) => pattern.test(name));
  if (found.length === 0)
    throw new Stop(`There is no ${what} ${word}; there are ${list.map(({ name }) => name).join(", ")}.`);
  return found;
}
