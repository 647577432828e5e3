// Starts: how long until a process that was just begun has answered, and what the first call costs that the second does not.
import { Agent, request } from "node:http";
import { pause } from "../process.mjs";
import { asked } from "./measure.mjs";

const CALLS = ["first", "second", "third"];

/** One start of one gateway. */
export async function measureStart(gateway, scenario) {
  const call = asked(gateway.call(scenario), scenario);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const faults = [];
  const figures = {};
  let trips = await gateway.asked?.();
  for (const name of CALLS) {
    const began = performance.now();
    const { status, text } = await once(call, agent);
    const ended = performance.now();
    if (status !== 200 || call.expect.contains.some((part) => !text.includes(part)))
      faults.push(`the ${name} call: ${status} ${text.slice(0, 300)}`);
    figures[`${name}_call_ms`] = ended - began;
    if (name === "first") figures.start_to_answer_ms = ended - gateway.spawned;
    if (trips) {
      const now = await gateway.asked();
      figures[`${name}_call_d1`] = { trips: now.trips - trips.trips, statements: now.statements - trips.statements };
      // What is written after the answer is not the next call's.
      await pause(500);
      trips = await gateway.asked();
    }
  }
  agent.destroy();
  return { ...figures, faults };
}

function once({ url, headers, body }, agent) {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: "POST", headers: { ...headers, "content-length": Buffer.byteLength(body) }, agent },
      (answer) => {
        let text = "";
        answer
          .setEncoding("utf8")
          .on("data", (part) => (text += part))
          .on("end", () => resolve({ status: answer.statusCode, text }))
          .on("error", reject);
      },
    );
    sent.on("error", reject).end(body);
  });
}
