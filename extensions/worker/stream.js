// The end of a stream that another isolate has in its hands: how it broke does not come across, only that it did.

/**
 * @param {ReadableStream<Uint8Array>} stream
 * @param {{failed: () => Uint8Array, over: () => Promise<void>, end: (broke: boolean) => void}} then `failed` says what the client
 *   gets for the break
 * @returns {ReadableStream<Uint8Array>}
 */
export function ended(stream, { failed, over, end }) {
  const reader = stream.getReader();
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      let read;
      try {
        read = await reader.read();
      } catch {
        end(true);
        controller.enqueue(failed());
        read = { done: true };
        over = null;
      }
      if (!read.done) {
        controller.enqueue(read.value);
        return;
      }
      end(false);
      await over?.().catch(() => {});
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel(reason) {
      end(false);
      return reader.cancel(reason);
    },
  });
}
