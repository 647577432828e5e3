// Google's generateContent on the wire.

import { compose, inputOf, odd, textOf } from './scenario.mjs';
import { thoughtSignature } from './signatures.mjs';

const usage = {
  promptTokenCount: 1200, cachedContentTokenCount: 200, candidatesTokenCount: 300, thoughtsTokenCount: 40, totalTokenCount: 1540,
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: 1200 }],
};

/** Tool calls end with STOP: only the parts tell. */
const FINISH = { end: 'STOP', stop: 'STOP', calls: 'STOP', length: 'MAX_TOKENS', refusal: 'SAFETY' };

export const isGemini3 = (model) => /gemini-[3-9]/.test(model);

/** The parts of an answer in the pieces in which they stream: calls whole, text and thoughts word by word. */
function piecesOf(ask, { parts }) {
  const three = isGemini3(ask.model);
  const pieces = parts.flatMap((part) => {
    switch (part.kind) {
      case 'reasoning': return part.pieces.map((text) => ({ text, thought: true }));
      case 'call': {
        const functionCall = { name: part.name, args: inputOf(part), ...(three ? { id: `fc-mock-${part.number}` } : {}) };
        return [{ functionCall, ...(part.first && ask.thinks ? { thoughtSignature: thoughtSignature(`${part.name} ${part.number}`) } : {}) }];
      }
      case 'text': return part.pieces.map((text) => ({ text }));
      default: return [];
    }
  });
  // Without a call the signature comes last, on a part that has no text.
  if (three && parts.length > 0 && !parts.some(({ kind }) => kind === 'call' || kind === 'refusal')) pieces.push({ text: '', thoughtSignature: thoughtSignature('text') });
  return pieces;
}

/** Neighbours of one kind as one part, as the unary answer has them. */
function joined(pieces) {
  const parts = [];
  for (const piece of pieces) {
    const last = parts.at(-1);
    if (last && 'text' in last && 'text' in piece && last.thought === piece.thought) parts[parts.length - 1] = { ...last, ...piece, text: last.text + piece.text };
    else parts.push(piece);
  }
  return parts;
}

const envelope = (ask, candidates, extra = {}) => ({ candidates, usageMetadata: usage, modelVersion: ask.model, responseId: 'mock0001', ...extra });
const candidate = (parts, extra = {}) => ({ content: { role: 'model', ...(parts.length > 0 ? { parts } : {}) }, index: 0, ...extra });
const event = (value) => `data: ${JSON.stringify(value)}\r\n\r\n`;

/** A prompt that Google does not like has no candidates at all. */
const blocked = (ask) => ({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 1200, totalTokenCount: 1200 }, modelVersion: ask.model });

const embedding = { values: [0.25, -0.5, 0.125] };
const OTHERS = {
  countTokens: () => ({ totalTokens: 42, promptTokensDetails: [{ modality: 'TEXT', tokenCount: 42 }] }),
  embedContent: () => ({ embedding }),
  batchEmbedContents: ({ json }) => ({ embeddings: json.requests.map(() => embedding) }),
};

export const gemini = {
  protocol: 'gemini',
  headers: { server: 'scaffolding on HTTPServer2', 'x-gemini-service-tier': 'standard' },

  ask({ json, model, op }) {
    const turns = (json.contents ?? []).filter(({ role } = {}) => role === 'model').map(({ parts }) => (parts ?? []).filter((part) => part.functionCall)).filter((calls) => calls.length > 0);
    const config = json.generationConfig ?? {};
    return {
      model, stream: op === 'streamGenerateContent', tools: (json.tools ?? []).flatMap((tool) => tool.functionDeclarations ?? []).map(({ name }) => ({ name })),
      rounds: turns.length, calls: turns.flat().length, stops: config.stopSequences ?? [], format: config.responseMimeType === 'application/json',
      thinks: config.thinkingConfig?.thinkingBudget !== 0, shows: config.thinkingConfig?.includeThoughts === true,
    };
  },

  /** The answer of a method that does not generate, or null. */
  other: (record) => (OTHERS[record.op] ? JSON.stringify(OTHERS[record.op](record)) : null),

  unary(ask) {
    const composed = compose(ask);
    if (composed.scenario === 'blocked') return odd(blocked(ask));
    return odd(envelope(ask, [candidate(joined(piecesOf(ask, composed)), { finishReason: FINISH[composed.stop], avgLogprobs: -0.1 })]));
  },

  events(ask) {
    const composed = compose(ask);
    if (composed.scenario === 'blocked') return [event(blocked(ask))];
    const pieces = piecesOf(ask, composed);
    const last = pieces.length - 1;
    // Usage is in every chunk and grows: only the last one counts.
    const partial = { promptTokenCount: 1200, cachedContentTokenCount: 200, totalTokenCount: 1205, candidatesTokenCount: 5 };
    if (pieces.length === 0) return [event(envelope(ask, [candidate([], { finishReason: FINISH[composed.stop] })]))];
    return pieces.map((piece, index) => event(index < last
      ? envelope(ask, [candidate([piece])], { usageMetadata: partial })
      : envelope(ask, [candidate([piece], { finishReason: FINISH[composed.stop] })])));
  },

  error({ status, message, retryAfter }) {
    return JSON.stringify({
      error: {
        code: status, message, status: STATUS[status] ?? (status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT'),
        // Google sends no retry-after: the delay is in the body.
        ...(retryAfter ? { details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfter}s` }] } : {}),
      },
    }, null, 2);
  },
  errorEvent: ({ message, status = 503 }) => `data: ${JSON.stringify(JSON.parse(gemini.error({ status, message })))}\r\n\r\n`,
};

const STATUS = { 401: 'UNAUTHENTICATED', 403: 'PERMISSION_DENIED', 404: 'NOT_FOUND', 429: 'RESOURCE_EXHAUSTED', 500: 'INTERNAL', 503: 'UNAVAILABLE', 504: 'DEADLINE_EXCEEDED' };

/** Where in the API a path is: `{ model, op }`, or null. */
export function geminiPlace(path) {
  const found = /\/v1(?:beta)?\/models\/([^/:]+):([A-Za-z]+)$/.exec(path);
  const ops = ['generateContent', 'streamGenerateContent', ...Object.keys(OTHERS)];
  return found && ops.includes(found[2]) ? { model: decodeURIComponent(found[1]), op: found[2] } : null;
}
