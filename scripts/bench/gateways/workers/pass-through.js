// The floor: what any gateway on workerd costs at least. It knows nobody, chooses nothing, counts nothing.
export default {
  fetch(request, env) {
    const { pathname, search } = new URL(request.url);
    return fetch(env.UPSTREAM + pathname + search, { method: request.method, headers: request.headers, body: request.body });
  },
};
