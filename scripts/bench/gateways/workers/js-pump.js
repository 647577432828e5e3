// What reading a stream's chunks costs at least: each is handed on as it is, from JavaScript.
export default {
  async fetch(request, env, context) {
    const { pathname, search } = new URL(request.url);
    const answer = await fetch(env.UPSTREAM + pathname + search, {
      method: request.method,
      headers: request.headers,
      body: request.body,
    });
    const { readable, writable } = new IdentityTransformStream();
    context.waitUntil(pump(answer.body, writable));
    return new Response(readable, answer);
  },
};

async function pump(body, writable) {
  const reader = body.getReader();
  const writer = writable.getWriter();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    await writer.write(value);
  }
  await writer.close();
}
