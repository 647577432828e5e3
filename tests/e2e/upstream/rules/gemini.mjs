// What Google refuses on generateContent. Both spellings are legal JSON for a proto; Sluice writes camelCase, and so the mock wants it.

import { isGemini3 } from '../gemini.mjs';
import { SIGNATURE_SENTINEL, isThoughtSignature } from '../signatures.mjs';
import { imageViolations } from './media.mjs';
import { any, base64, bool, filled, integer, list, number, object, pattern, plainObject, string, word } from './shape.mjs';

const blob = object({ mimeType: filled, data: base64, displayName: string }, ['mimeType', 'data']);
const inlineData = (value, path) => [...blob(value, path), ...(String(value?.mimeType).startsWith('image/') ? imageViolations(value.mimeType, value.data, path) : [])];
const fileData = object({ mimeType: string, fileUri: filled }, ['fileUri']);
const name = pattern(/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}$/);
const part = (value, path) => {
  const wrong = object({
    text: string, thought: bool, thoughtSignature: string, inlineData, fileData, videoMetadata: any,
    functionCall: object({ id: string, name, args: plainObject }, ['name']),
    functionResponse: object({ id: string, name, response: plainObject, parts: list(object({ inlineData, fileData })), willContinue: any, scheduling: any }, ['name', 'response']),
    executableCode: any, codeExecutionResult: any,
  })(value, path);
  const kinds = Object.keys(value ?? {}).filter((key) => ['text', 'inlineData', 'fileData', 'functionCall', 'functionResponse'].includes(key));
  if (kinds.length !== 1) wrong.push(`${path}: a part has exactly one of text, inlineData, functionCall and so on, this has ${kinds.join(', ') || 'none'}`);
  if (value?.thoughtSignature !== undefined && value.thoughtSignature !== SIGNATURE_SENTINEL && !isThoughtSignature(value.thoughtSignature)) wrong.push(`${path}: Thought signature is not valid`);
  return wrong;
};
const content = object({ role: word('user', 'model'), parts: list(part, { min: 1 }) }, ['role', 'parts']);
// The OpenAPI subset of the older fields, without what proto-JSON does not know.
const SCHEMA = ['type', 'format', 'title', 'description', 'nullable', 'enum', 'maxItems', 'minItems', 'properties', 'required', 'minProperties', 'maxProperties', 'minLength', 'maxLength', 'pattern', 'example', 'anyOf', 'propertyOrdering', 'default', 'items', 'minimum', 'maximum'];
const openApi = (value, path) => [
  ...plainObject(value, path), ...Object.keys(value ?? {}).filter((key) => !SCHEMA.includes(key)).map((key) => `Unknown name "${key}" at '${path}': Cannot find field.`),
  ...(value?.type?.toLowerCase?.() === 'object' && value.properties && Object.keys(value.properties).length === 0 ? [`${path}.properties: should be non-empty for OBJECT type`] : []),
  ...Object.entries(value?.properties ?? {}).flatMap(([key, inner]) => openApi(inner, `${path}.properties.${key}`)), ...(value?.items ? openApi(value.items, `${path}.items`) : []),
];
const tool = object({
  functionDeclarations: list(object({ name, description: string, parameters: openApi, parametersJsonSchema: plainObject, response: openApi, responseJsonSchema: plainObject, behavior: any }, ['name']), { min: 1 }),
  googleSearch: any, codeExecution: any, urlContext: any, googleMaps: any, computerUse: any,
});
const generationConfig = object({
  temperature: number(0, 2), topP: number(0, 1), topK: integer(1), maxOutputTokens: integer(1), stopSequences: list(string, { max: 5 }), candidateCount: integer(1), seed: integer(),
  presencePenalty: number(-2, 2), frequencyPenalty: number(-2, 2), responseMimeType: word('text/plain', 'application/json', 'text/x.enum'), responseSchema: openApi, responseJsonSchema: plainObject,
  thinkingConfig: object({ includeThoughts: bool, thinkingBudget: integer(-1), thinkingLevel: word('MINIMAL', 'LOW', 'MEDIUM', 'HIGH', 'minimal', 'low', 'medium', 'high') }),
  responseLogprobs: bool, logprobs: integer(), responseModalities: list(string), mediaResolution: string, speechConfig: any, imageConfig: any, enableEnhancedCivicAnswers: any,
});
const fields = {
  contents: list(content, { min: 1 }), systemInstruction: object({ role: string, parts: list(object({ text: filled }, ['text']), { min: 1 }) }, ['parts']), tools: list(tool, { min: 1 }),
  toolConfig: object({ functionCallingConfig: object({ mode: word('AUTO', 'ANY', 'NONE', 'VALIDATED'), allowedFunctionNames: list(name) }), retrievalConfig: any, includeServerSideToolInvocations: bool }),
  generationConfig, safetySettings: list(object({ category: string, threshold: string })), cachedContent: string, serviceTier: string, store: bool, labels: any,
};
const generate = object(fields, ['contents']);
const embed = object({ model: string, content: object({ role: any, parts: list(object({ text: string }), { min: 1 }) }, ['parts']), taskType: string, title: string, outputDimensionality: integer(1) }, ['content']);
const count = object({ contents: list(content, { min: 1 }), generateContentRequest: object({ model: pattern(/^models\//), ...fields }, ['model', 'contents']) });

export function geminiViolations({ json, model, op, url }) {
  const wrong = [];
  if (op === 'streamGenerateContent' && new URL(url, 'http://mock').searchParams.get('alt') !== 'sse') wrong.push('alt=sse is missing: the stream would be one JSON array');
  switch (op) {
    case 'embedContent': return [...wrong, ...embed(json, '')];
    case 'batchEmbedContents':
      return [...wrong, ...object({ requests: list(embed, { min: 1 }) }, ['requests'])(json, ''), ...(json.requests ?? []).filter((one) => one.model !== `models/${model}`).map(() => `requests: model must be models/${model}`)];
    case 'countTokens': wrong.push(...count(json, '')); break;
    default: wrong.push(...generate(json, ''));
  }
  const body = json.generateContentRequest ?? json;
  if (wrong.length > 0 || !body.contents) return wrong;
  return [...wrong, ...conversation(body.contents, model), ...config(body, model)];
}

function conversation(contents, model) {
  const wrong = [];
  if (contents[0].role !== 'user') wrong.push('contents: the first content must be the user\'s');
  contents.forEach(({ role, parts }, index) => {
    const at = `contents[${index}]`;
    const before = contents[index - 1];
    if (before?.role === role) wrong.push(`${at}: two contents of ${role} follow each other`);
    const calls = (before?.parts ?? []).filter((one) => one.functionCall).map((one) => one.functionCall);
    const responses = parts.filter((one) => one.functionResponse).map((one) => one.functionResponse);
    if (role === 'user' && calls.length !== responses.length) wrong.push(`${at}: the number of function response parts (${responses.length}) must equal the number of function call parts of the function call turn (${calls.length})`);
    responses.forEach((response, nth) => {
      const call = response.id === undefined ? calls[nth] : calls.find(({ id }) => id === response.id);
      if (call && call.name !== response.name) wrong.push(`${at}: the response names ${response.name}, the call ${call.name}`);
      if (!call && calls.length === responses.length) wrong.push(`${at}: no call has the id ${response.id}`);
    });
    if (role === 'user' && responses.length > 0 && parts.findLastIndex((one) => one.functionResponse) >= responses.length) wrong.push(`${at}: function responses come before everything else`);
    const own = parts.filter((one) => one.functionCall);
    if (role === 'model' && responses.length > 0) wrong.push(`${at}: a function response in a model turn`);
    if (role === 'user' && own.length > 0) wrong.push(`${at}: a function call in a user turn`);
    // Only the steps since the user last spoke are checked.
    const spoken = contents.findLastIndex((one) => one.role === 'user' && one.parts.some((each) => each.text !== undefined) && !one.parts.some((each) => each.functionResponse));
    if (isGemini3(model) && index > spoken && own.length > 0 && own[0].thoughtSignature === undefined) wrong.push(`${at}: Function call is missing a thought_signature in functionCall parts: ${own[0].functionCall.name}`);
  });
  if (contents.at(-1).role !== 'user') wrong.push('contents: the last content must be the user\'s');
  return wrong;
}

function config({ generationConfig: own = {}, tools = [], toolConfig }, model) {
  const wrong = [];
  const { thinkingBudget, thinkingLevel } = own.thinkingConfig ?? {};
  if (thinkingBudget !== undefined && thinkingLevel !== undefined) wrong.push('thinking_budget and thinking_level are not supported together');
  if (thinkingLevel !== undefined && /gemini-2\.5/.test(model)) wrong.push('Thinking level is not supported for this model');
  if (thinkingBudget === 0 && /2\.5-pro/.test(model)) wrong.push('Budget 0 is invalid. This model only works in thinking mode');
  if (own.responseSchema && own.responseJsonSchema) wrong.push('responseSchema and responseJsonSchema cannot both be set');
  if ((own.responseSchema || own.responseJsonSchema) && own.responseMimeType !== 'application/json') wrong.push('a response schema needs responseMimeType application/json');
  const declared = tools.flatMap((one) => one.functionDeclarations ?? []);
  for (const one of declared) if (one.parameters && one.parametersJsonSchema) wrong.push(`${one.name}: parameters and parametersJsonSchema cannot both be set`);
  if (new Set(declared.map((one) => one.name)).size !== declared.length) wrong.push('Duplicate function declaration found');
  if (declared.length > 0 && own.responseMimeType === 'application/json' && /gemini-2\.5/.test(model)) wrong.push("Function calling with a response mime type: 'application/json' is unsupported");
  const searches = tools.some((one) => one.googleSearch);
  if (searches && declared.length > 0 && !(isGemini3(model) && toolConfig?.includeServerSideToolInvocations)) wrong.push('Built-in tools and functions are combined only by Gemini 3, and only with include_server_side_tool_invocations');
  const calling = toolConfig?.functionCallingConfig;
  if (calling?.allowedFunctionNames && !['ANY', 'VALIDATED'].includes(calling.mode)) wrong.push('allowed_function_names should only be set when the mode is ANY or VALIDATED');
  if (calling && declared.length === 0) wrong.push('Function calling config is set without function_declarations');
  for (const one of calling?.allowedFunctionNames ?? []) if (!declared.some((other) => other.name === one)) wrong.push(`allowed_function_names: ${one} is not declared`);
  return wrong;
}
