// The dialects that the mock speaks, and which of them a path means.

import { anthropic } from './anthropic.mjs';
import { bedrock, bedrockPlace } from './bedrock.mjs';
import { gemini, geminiPlace } from './gemini.mjs';
import { chat } from './openai.mjs';
import { responses } from './responses.mjs';

export { ARGUMENTS, ARGUMENT_PIECES, TEXT, USAGE, WORDS } from './scenario.mjs';

/** What a request means, whatever the base URL before its path: `{ dialect, model, op }`. */
export function placeOf(path, json) {
  const inBody = (dialect) => ({ dialect, model: json?.model, op: null });
  if (path.endsWith('/chat/completions')) return inBody(chat);
  if (path.endsWith('/responses')) return inBody(responses);
  if (path.endsWith('/responses/input_tokens')) return { ...inBody(responses), op: 'input-tokens' };
  if (path.endsWith('/messages')) return inBody(anthropic);
  for (const [dialect, place] of [[gemini, geminiPlace(path)], [bedrock, bedrockPlace(path)]]) if (place) return { dialect, ...place };
  return inBody(null);
}
