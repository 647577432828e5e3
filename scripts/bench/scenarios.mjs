// What is measured. A scenario says what the client sends and what the upstream speaks; the gateway says where to send it.

/** How fast the upstream's streams come: the path that it is asked under. */
export const PACES = {
  /** 200 events, each in a write of its own, as fast as they are taken. */
  steady: "/events/200",
  /** 20 events, 2 ms apart: nothing queues, so that the first byte's own way is seen. */
  paced: "/events/20/gap/2000",
};

const KB = 1000;
const SIZES = { "1k": KB, "10k": 10 * KB, "100k": 100 * KB };
const SHORT = { chat_completions: "chat", responses: "responses", anthropic_messages: "messages" };
const TITLES = { chat_completions: "Chat Completions", responses: "Responses", anthropic_messages: "Anthropic Messages" };

const scenario = (name, title, fields) => ({
  name,
  title,
  client: "chat_completions",
  upstream: "chat_completions",
  bytes: KB,
  stream: false,
  connections: 16,
  pace: PACES.steady,
  ...fields,
});

const unary = Object.entries(SHORT).flatMap(([protocol, short]) =>
  Object.entries(SIZES).map(([size, bytes]) =>
    scenario(`unary-${short}-${size}`, `${TITLES[protocol]}, whole answer, ${bytes / KB} KB body`, {
      client: protocol,
      upstream: protocol,
      bytes,
    }),
  ),
);

const streams = Object.entries(SHORT).map(([protocol, short]) =>
  scenario(`stream-${short}`, `${TITLES[protocol]}, metered stream of 200 events`, {
    client: protocol,
    upstream: protocol,
    stream: true,
    connections: 8,
  }),
);

export const SCENARIOS = [
  ...unary,
  ...streams,
  scenario("first-byte", "Chat Completions, one paced stream at a time: the first byte", {
    stream: true,
    connections: 1,
    pace: PACES.paced,
    judged: "first byte",
  }),
  scenario("translated-unary", "An Anthropic client on a Chat Completions upstream, whole answer, 1 KB body", {
    client: "anthropic_messages",
  }),
  scenario("translated-stream", "An Anthropic client on a Chat Completions upstream, stream of 200 events", {
    client: "anthropic_messages",
    stream: true,
    connections: 8,
  }),
  scenario("proxy-unary", "`/v1/proxy`, unmetered, whole answer, 1 KB body", { proxy: true }),
  scenario("proxy-stream", "`/v1/proxy`, unmetered, stream of 200 events", { proxy: true, stream: true, connections: 8 }),
  scenario("limited", "Chat Completions, whole answer, 1 KB body, a token with limits (a Durable Object)", { limits: true }),
  scenario("cold", "From the process's start to the first answer, and the first call after it", {
    judged: "cold",
    connections: 1,
  }),
];

/** What `--quick` runs. */
export const QUICK = ["unary-chat-1k", "stream-chat"];

/** Whether the gateway has to translate, which only some can. */
export const translated = ({ client, upstream }) => client !== upstream;
