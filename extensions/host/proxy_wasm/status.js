/** What a host call answers, by the numbers of proxy-wasm. */
export const STATUS = {
  ok: 0,
  notFound: 1,
  badArgument: 2,
  invalidMemoryAccess: 6,
  casMismatch: 8,
  internalFailure: 10,
};

/** The buffers that there are here. */
export const BUFFER = { requestBody: 0, responseBody: 1, vmConfiguration: 6, pluginConfiguration: 7 };

/** The maps that there are here. */
export const MAP = { requestHeaders: 0, requestTrailers: 1, responseHeaders: 2, responseTrailers: 3 };
