// A stream of server-sent events through a hook: one block in, one block out, nothing held back but what has not ended.
import { Splitter, readBlock, withData, withoutEvent } from "./sse.js";

/**
 * @param {ReadableStream<Uint8Array>} stream
 * @param {number} most bytes that one event may have
 * @param {{rewrite: (name: string | null, data: string) => {data?: object, drop?: boolean} | null, tooLarge: () => void}} filter
 *   `rewrite` gets an event's name and its data as JSON text (null: no change; `data` is spelled as `JSON.stringify` does);
 *   `tooLarge` is told of an event that cannot be held, and throws unless it may go by
 * @returns {ReadableStream<Uint8Array>} breaks with what they throw, when all that came before has been read
 */
export function filterEvents(stream, most, { rewrite, tooLarge }) {
  const reader = stream.getReader();
  const splitter = new Splitter(most);
  let failure = null;

  const ended = () => {
    const last = splitter.finish();
    return last === null ? [] : [last];
  };

  const filtered = ({ bytes, part }) => {
    if (part === "begins") tooLarge();
    if (part !== "whole") return bytes;
    const block = readBlock(bytes);
    if (block.data === null || !isJson(block.data)) return bytes;
    const answer = rewrite(block.name, block.data);
    if (answer?.drop === true) return withoutEvent(block);
    return answer?.data === undefined ? bytes : withData(block, JSON.stringify(answer.data));
  };

  /** @returns {boolean} whether there was something to go on; what fails is kept in `failure` */
  const pass = (controller, pieces) => {
    let passed = false;
    try {
      for (const piece of pieces) {
        const bytes = filtered(piece);
        if (bytes.length === 0) continue;
        controller.enqueue(bytes.slice());
        passed = true;
      }
    } catch (error) {
      failure = error;
      reader.cancel(error).catch(() => {});
    }
    return passed;
  };

  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      for (;;) {
        if (failure !== null) throw failure;
        const { done, value } = await reader.read();
        const passed = pass(controller, done ? ended() : splitter.feed(value));
        if (failure !== null) {
          // What has passed is to be read before the stream breaks, at the next pull: an error empties its queue.
          if (passed) return;
          continue;
        }
        if (done) {
          controller.close();
          // A reader that waits with a buffer of its own is told of the end by an answer of no bytes.
          controller.byobRequest?.respond(0);
        }
        if (done || passed) return;
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
