// A stream of server-sent events through a hook: one block in, one block out, nothing held back but what has not ended.
import { Splitter, readBlock, withData, withoutEvent } from "./sse.js";

/**
 * @param {ReadableStream<Uint8Array>} stream
 * @param {number} most bytes that one event may have
 * @param {(name: string | null, data: string) => {data?: object, drop?: boolean} | null} rewrite
 *   gets the event's name and its data as JSON text; null: no change; what it gives as `data` is spelled as `JSON.stringify` does
 * @returns {ReadableStream<Uint8Array>}
 */
export function filterEvents(stream, most, rewrite) {
  const reader = stream.getReader();
  const splitter = new Splitter(most);
  const filter = (bytes) => {
    const block = readBlock(bytes);
    if (block.data === null || !isJson(block.data)) return bytes;
    const answer = rewrite(block.name, block.data);
    if (answer?.drop === true) return withoutEvent(block);
    return answer?.data === undefined ? bytes : withData(block, JSON.stringify(answer.data));
  };
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      try {
        for (;;) {
          const { done, value } = await reader.read();
          const blocks = done ? [] : splitter.feed(value).map(filter).filter((bytes) => bytes.length > 0);
          for (const block of blocks) controller.enqueue(block.slice());
          if (done) {
            const rest = splitter.finish();
            const last = rest === null ? new Uint8Array(0) : filter(rest);
            if (last.length > 0) controller.enqueue(last.slice());
            controller.close();
            // A reader that waits with a buffer of its own is told of the end by an answer of no bytes.
            controller.byobRequest?.respond(0);
          }
          if (done || blocks.length > 0) return;
        }
      } catch (error) {
        controller.error(error);
        await reader.cancel(error).catch(() => {});
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
