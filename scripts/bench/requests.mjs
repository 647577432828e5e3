// The bodies that are sent: a conversation as a client of the protocol would send it, of an exact size.

const SYSTEM = "You answer in one short paragraph, and you say so where you do not know.";
const SENTENCES = [
  "The pump in the second hall has been louder since Tuesday, above all in the morning. ",
  "We have had the filter changed and the oil looked at; nobody found anything. ",
  'Its "vibration" reading went from 2.1 mm/s to 3.4 mm/s; the limit is 4.5 mm/s.\n',
  "Könnte es am Lager liegen, or is it more likely that the coupling has moved? ",
];

const PROTOCOLS = {
  chat_completions: {
    path: "/chat/completions",
    body: (model, messages, stream) => ({
      model,
      messages: [{ role: "system", content: SYSTEM }, ...messages],
      temperature: 0.2,
      ...stream,
    }),
  },
  responses: {
    path: "/responses",
    body: (model, input, stream) => ({ model, instructions: SYSTEM, input, temperature: 0.2, ...stream }),
  },
  anthropic_messages: {
    path: "/messages",
    body: (model, messages, stream) => ({ model, max_tokens: 512, system: SYSTEM, messages, temperature: 0.2, ...stream }),
    headers: { "anthropic-version": "2023-06-01" },
  },
};

/** What a stream of the protocol ends with. */
export const STREAM_END = {
  chat_completions: "data: [DONE]",
  responses: "event: response.completed",
  anthropic_messages: "event: message_stop",
};

export const pathOf = (protocol) => PROTOCOLS[protocol].path;

/** The headers that a client of the protocol sends beside its credential. */
export const headersOf = (protocol) => ({ "content-type": "application/json", ...PROTOCOLS[protocol].headers });

/** A call's body in exactly `bytes` bytes of UTF-8. */
export function bodyOf({ protocol, model, bytes, stream = false }) {
  const turn = (at, content) => ({ role: at % 2 ? "assistant" : "user", content });
  const compose = (contents) =>
    JSON.stringify(
      PROTOCOLS[protocol].body(
        model,
        contents.map((content, at) => turn(at, content)),
        stream ? { stream } : {},
      ),
    );
  // An odd number of turns, of two kilobytes or so each, so that the user speaks first and last.
  const turns = 2 * Math.floor(bytes / 4096) + 1;
  const contents = Array(turns).fill("");
  const size = () => Buffer.byteLength(compose(contents));
  let missing = bytes - size();
  if (missing < 0) throw new RangeError(`a ${protocol} body has at least ${bytes - missing} bytes`);
  // Whole sentences as long as they fit, turn by turn; then single letters, each of which is a byte.
  for (let at = 0; ; at++) {
    const sentence = SENTENCES[Math.floor(at / turns) % SENTENCES.length];
    const cost = Buffer.byteLength(JSON.stringify(sentence)) - 2;
    if (cost > missing) break;
    contents[at % turns] += sentence;
    missing -= cost;
  }
  contents[turns - 1] += "x".repeat(missing);
  return compose(contents);
}
