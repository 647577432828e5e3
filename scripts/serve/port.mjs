// The port to serve on, asked for before anything long begins.
import { connect, createServer } from "node:net";
import { Stop } from "../stop.mjs";

const DEFAULT = 8787;

export function chosenPort(text = process.env.PORT) {
  if (!text) return DEFAULT;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw new Stop(`PORT is ${JSON.stringify(text)}, which is no port: say \`PORT=9000 npm start\`.`);
}

export async function ensureFree(port) {
  // Both, because a listener on all addresses does not stop another on loopback everywhere, and either may be unreachable.
  for (const host of ["127.0.0.1", "::1"]) {
    const error = (await answers(port, host)) ? { code: "EADDRINUSE" } : await listenError(port, host);
    if (error?.code === "EADDRINUSE") {
      throw new Stop(`Port ${port} is taken: stop what listens there, or choose another: \`PORT=${port === 9000 ? 9001 : 9000} npm start\`.`);
    }
    if (error?.code === "EACCES") {
      throw new Stop(`Port ${port} is reserved for the system: choose one above 1023: \`PORT=9000 npm start\`.`);
    }
  }
}

function answers(port, host) {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: 1000 });
    const say = (answer) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", say(true)).once("error", say(false)).once("timeout", say(false));
  });
}

function listenError(port, host) {
  return new Promise((resolve) => {
    const server = createServer().once("error", resolve);
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
