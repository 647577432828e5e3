// An agent's MCP client, connected to the Worker under test with a token.

import { Client as SdkClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

export const endpoint = (e2e) => new URL('/mcp', e2e.base());

/** The official SDK's client as its users make it: the endpoint, and the token in a header. */
export async function connectAgent(e2e, token, { Client = SdkClient, Transport = StreamableHTTPClientTransport, options } = {}) {
  const client = new Client({ name: 'sluice-e2e', version: '1.0.0' }, options);
  const transport = new Transport(endpoint(e2e), { fetch: e2e.fetch, requestInit: { headers: { authorization: `Bearer ${token}` } } });
  await client.connect(transport);
  return client;
}
