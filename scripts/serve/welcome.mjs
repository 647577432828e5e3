// What a person sees when Sluice is up: where it is, and the next two commands, to be pasted as they are.
import { LOCAL_SECRETS } from "../setup/secrets.mjs";

export function welcome(url) {
  const json = `-H "authorization: Bearer $ADMIN_TOKEN" -H "content-type: application/json"`;
  return `
Sluice is on ${url}   (Ctrl-C stops it)

The console is there, in a browser; its token is ADMIN_TOKEN in ${LOCAL_SECRETS}. Or, in another terminal, in this folder:

  export ADMIN_TOKEN=$(sed -n 's/^ADMIN_TOKEN=//p' ${LOCAL_SECRETS})

Register a provider, with your own key in place of sk-...:

  PROVIDER=$(curl -sS ${url}/api/v1/providers ${json} \\
    -d '{"name":"openai-main","provider":"openai","api_key":"sk-..."}' | tee /dev/stderr | grep -o 'aip_[0-9A-Za-z]*' | head -1)

and a model under it:

  curl -sS ${url}/api/v1/providers/$PROVIDER/models ${json} \\
    -d '{"model":"gpt-5.4-mini"}'

Then mint a token for your app (POST ${url}/api/v1/tokens with {"name":"my app"}) and point its SDK here: OpenAI's at
${url}/v1, Anthropic's at ${url}. README.md has the calls.
`;
}
