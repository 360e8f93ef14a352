import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelError, type ModelCatalog, type RateLimitStatus } from '../../../src/core/model/model.ts';
import { createRedactor } from '../../../src/core/model/redact.ts';
import { pieces, startFaultServer, type Fault, type FaultServer } from '../../fixtures/servers/fault-server.ts';
import { catalogOf, failure, KEY, never, requestOf } from './harness.ts';

let server: FaultServer;
let catalog: ModelCatalog;
/** For what comes at once. */
let patient: ModelCatalog;
let fault: Fault = 'ok';

beforeAll(async () => {
  server = await startFaultServer({ fault: () => fault, retryAfterSeconds: 7 });
  catalog = catalogOf({ idleTimeoutMs: 1_500 });
  patient = catalogOf();
});

afterAll(async () => {
  await catalog.dispose();
  await patient.dispose();
  await server.stop();
});

async function failWith(kind: Fault, streaming: boolean, api = 'chat', text = 'hello'): Promise<{ error: ModelError; partial: string }> {
  fault = kind;
  const model = await (kind.startsWith('silence') ? catalog : patient).resolve({ id: `openai:${api}:gpt-test`, config: { apiBaseUrl: server.url } });
  const before = server.requests.length;
  let partial = '';
  const error = await failure(model.generate(requestOf(text), { signal: never(), ...(streaming ? { onText: (piece: string) => (partial += piece) } : {}) }));
  expect(error).toBeInstanceOf(ModelError);
  expect(server.requests.length, 'requests for one attempt').toBe(before + 1);
  return { error: error as ModelError, partial };
}

const EXPECTED: readonly [Fault, Partial<ModelError>][] = [
  ['429-seconds', { code: 'rate-limited', transient: true, status: 429, retryAfterMs: 7_000 }],
  ['429-ms', { code: 'rate-limited', transient: true, status: 429, retryAfterMs: 25 }],
  ['429', { code: 'rate-limited', transient: true, status: 429, retryAfterMs: null }],
  ['429-cut', { code: 'rate-limited', transient: true, status: 429, retryAfterMs: 7_000 }],
  ['401-cut', { code: 'unauthorized', transient: false, status: 401 }],
  ['quota', { code: 'rate-limited', transient: false, status: 429 }],
  ['400', { code: 'model-request', transient: false, status: 400 }],
  ['401', { code: 'unauthorized', transient: false, status: 401 }],
  ['403', { code: 'unauthorized', transient: false, status: 403 }],
  ['404', { code: 'model-request', transient: false, status: 404 }],
  ['408', { code: 'model-server', transient: true, status: 408 }],
  ['409', { code: 'model-server', transient: true, status: 409 }],
  ['500', { code: 'model-server', transient: true, status: 500 }],
  ['503', { code: 'model-server', transient: true, status: 503 }],
  ['529', { code: 'model-server', transient: true, status: 529 }],
  ['html-500', { code: 'model-server', transient: true, status: 502 }],
  ['redirect', { code: 'model-request', transient: false, status: 302 }],
  ['reset', { code: 'network', transient: true }],
  ['silence', { code: 'timeout', transient: true }],
  ['silence-mid', { code: 'timeout', transient: true }],
  ['invalid-json', { code: 'model-response', transient: true }],
  ['html', { code: 'model-response', transient: true }],
  ['empty', { code: 'model-response', transient: true }],
  ['no-choices', { code: 'model-response', transient: true }],
  ['error-200', { code: 'model-server', transient: true, status: 503 }],
  ['malformed-sse', { code: 'model-response', transient: true }],
];

describe.each([false, true])('chat completions, streaming: %s', (streaming) => {
  it.each(EXPECTED)('meets %s', async (kind, expected) => {
    const { error } = await failWith(kind, streaming);
    expect(error).toMatchObject(expected);
    expect(error.message).not.toMatch(/\n {4}at |\[object/);
  });

  it('reads Retry-After as a date', async () => {
    const { error } = await failWith('429-date', streaming);
    expect(error).toMatchObject({ code: 'rate-limited', transient: true });
    // Dates have whole seconds.
    expect(error.retryAfterMs).toBeGreaterThan(4_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(7_000);
  });

  it('calls an answer that was cut off no answer', async () => {
    expect((await failWith('cut', streaming)).error).toMatchObject({ transient: true, code: expect.stringMatching(/^(?:network|model-response)$/) as string });
  });
});

describe.each(['chat', 'responses', 'completion'])('a stream of %s', (api) => {
  it('that ends early is an error, not a short answer', async () => {
    const { error, partial } = await failWith('end', true, api, 'a text of several words');
    expect(error).toMatchObject({ code: 'model-response', transient: true });
    expect(partial.length).toBeLessThan('answer to a text of several words'.length);
  });

  it('with a broken event is an error', async () => {
    expect((await failWith('malformed-sse', true, api)).error).toMatchObject({ code: 'model-response', transient: true });
  });

  it('that reports an error in its middle fails as reported', async () => {
    expect((await failWith('error-in-stream', true, api)).error).toMatchObject({ code: 'model-server', transient: true, status: 503 });
  });
});

describe('errors', () => {
  it('quote what came in place of JSON', async () => {
    expect((await failWith('html', false)).error.message).toContain('text/html');
    expect((await failWith('html', false)).error.message).toContain('Sign in to the network');
  });

  it('quote no part of a key that stands at the end of what is read of an answer', async () => {
    const redactor = createRedactor();
    const long = `own/${'k'.repeat(300)}`;
    const own = catalogOf({ redactor, secrets: () => Promise.resolve(long) });
    // A gateway that quotes what it was sent, in place of an answer.
    for (const [kind, body] of [['text/html', `Refused: ${long}`], ['application/json', JSON.stringify({ refused: long })]] as const) {
      const gateway = createServer((_, response) => void response.writeHead(200, { 'content-type': kind }).end(body));
      await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
      const model = await own.resolve({ id: 'openai:chat:m', config: { apiBaseUrl: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/v1` } });
      const { message } = await failure(model.generate(requestOf('x'), { signal: never() }));
      gateway.closeAllConnections();
      gateway.close();
      expect(message).toContain('[secret]');
      expect(message).not.toContain('kkkk');
    }
    await own.dispose();
  });

  it('name the key, never its value', async () => {
    const { error } = await failWith('401', false);
    expect(error.message).toContain('OPENAI_API_KEY');
    // The server quoted the whole key.
    expect(server.requests.at(-1)!.headers.authorization).toBe(`Bearer ${KEY}`);
    for (const text of [error.message, error.stack, JSON.stringify(error), String(error.cause)]) expect(text).not.toContain(KEY);
  });

  it('say which key is missing before anything is sent', async () => {
    const model = await catalog.resolve({ id: 'groq:llama-3.1-8b-instant', config: { apiBaseUrl: server.url } });
    const before = server.requests.length;
    expect(await failure(model.generate(requestOf('x'), { signal: never() }))).toMatchObject({ code: 'missing-secret', transient: false, message: expect.stringContaining('GROQ_API_KEY') as string });
    expect(server.requests.length).toBe(before);
  });

  it('tell a host that does not answer', async () => {
    const model = await catalog.resolve({ id: 'openai:chat:m', config: { apiBaseUrl: 'http://127.0.0.1:9/v1' } });
    expect(await failure(model.generate(requestOf('x'), { signal: never() }))).toMatchObject({ code: 'network', transient: true, message: expect.stringContaining('ECONNREFUSED') as string });
  });
});

describe('what is sent and read', () => {
  beforeAll(() => {
    fault = 'ok';
  });

  it('keeps slow streams alive while bytes arrive', async () => {
    const words = Array.from({ length: 120 }, (_, i) => `word${i}`).join(' ');
    const slow = await startFaultServer({ fault: () => 'slow', answer: () => ({ text: pieces(words) }) });
    // So many pieces, one every 30 ms, take longer than the idle limit.
    const own = catalogOf({ idleTimeoutMs: 3_000 });
    const model = await own.resolve({ id: 'openai:chat:gpt-test', config: { apiBaseUrl: slow.url } });
    const got: string[] = [];
    const reply = await model.generate(requestOf('slow'), { signal: never(), onText: (piece) => got.push(piece) });
    await own.dispose();
    await slow.stop();
    expect(reply.text).toBe(words);
    expect(got).toHaveLength(120);
  });

  it('reads usage with its cached and reasoning parts, tool calls and log probabilities', async () => {
    server.options = {
      ...server.options,
      answer: () => ({ text: [], toolCalls: [{ id: 'call_1', name: 'lookup', arguments: '{"order":"A-17"}' }, { id: 'call_2', name: 'refund', arguments: '{}' }], usage: { input: 100, cached: 80, output: 30, reasoning: 12 } }),
    };
    for (const api of ['chat', 'responses']) {
      for (const streaming of [false, true]) {
        const model = await catalog.resolve({ id: `openai:${api}:gpt-test`, config: { apiBaseUrl: server.url } });
        const reply = await model.generate(requestOf('x', { tools: [{ name: 'lookup', description: 'Finds an order', parameters: { type: 'object', properties: { order: { type: 'string' } } } }] }), { signal: never(), ...(streaming ? { onText: () => undefined } : {}) });
        expect(reply.toolCalls).toEqual([
          { id: 'call_1', name: 'lookup', arguments: '{"order":"A-17"}' },
          { id: 'call_2', name: 'refund', arguments: '{}' },
        ]);
        expect(reply.usage).toEqual({ input: 100, cachedInput: 80, output: 30, reasoning: 12 });
        expect(reply.finishReason).toBe('tool_calls');
      }
    }
    server.options = { ...server.options, answer: undefined };
  });

  it('sends parameters, tools and formats in each protocol\'s words', async () => {
    const request = requestOf('x', {
      messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: [{ type: 'text', text: 'x' }, { type: 'image', url: 'data:image/png;base64,AA==' }] }],
      parameters: { temperature: 0, topP: 0.5, maxTokens: 9, stop: ['END'], seed: 3, extra: { user: 'u' } },
      tools: [{ name: 'lookup' }],
      responseFormat: { type: 'json_schema', name: 'answer', schema: { type: 'object' }, strict: true },
    });
    const chat = await catalog.resolve({ id: 'openai:chat:gpt-5-mini', config: { apiBaseUrl: server.url } });
    await chat.generate(request, { signal: never() });
    expect(server.requests.at(-1)!.body).toEqual({
      model: 'gpt-5-mini',
      messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: [{ type: 'text', text: 'x' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }] }],
      temperature: 0,
      top_p: 0.5,
      max_completion_tokens: 9,
      stop: ['END'],
      seed: 3,
      user: 'u',
      tools: [{ type: 'function', function: { name: 'lookup' } }],
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' }, strict: true } },
    });
    const responses = await catalog.resolve({ id: 'openai:responses:gpt-5-mini', config: { apiBaseUrl: server.url } });
    await responses.generate(request, { signal: never() });
    expect(server.requests.at(-1)!.body).toMatchObject({
      input: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: [{ type: 'input_text', text: 'x' }, { type: 'input_image', image_url: 'data:image/png;base64,AA==' }] }],
      max_output_tokens: 9,
      store: false,
      text: { format: { type: 'json_schema', name: 'answer', schema: { type: 'object' }, strict: true } },
    });
  });

  it('reaches a deployment of Azure with its own key and version', async () => {
    const model = await catalog.resolve({ id: 'azure:chat:triage', config: { apiBaseUrl: server.url.replace('/v1', ''), apiKeyEnvar: 'OPENAI_API_KEY', apiVersion: '2025-01-01-preview' } });
    await model.generate(requestOf('x'), { signal: never() });
    const { path, headers } = server.requests.at(-1)!;
    expect(path).toBe('/openai/deployments/triage/chat/completions?api-version=2025-01-01-preview');
    expect(headers['api-key']).toBe(KEY);
    expect(headers.authorization).toBeUndefined();
  });

  it('sends the named headers and nothing about this machine', async () => {
    const model = await catalog.resolve({ id: 'openai:chat:m', config: { apiBaseUrl: server.url, organization: 'org-1', headers: { 'x-team': 'support', 'x-trace-key': '{{env.OPENAI_API_KEY}}' } } });
    await model.generate(requestOf('x'), { signal: never() });
    const { headers } = server.requests.at(-1)!;
    expect(headers).toMatchObject({ 'x-team': 'support', 'x-trace-key': KEY, 'openai-organization': 'org-1' });
    expect(Object.keys(headers).filter((name) => name.startsWith('x-stainless'))).toEqual([]);
  });

  it('tells the rate limits of successes and refusals', async () => {
    const seen: RateLimitStatus[] = [];
    server.options = { ...server.options, headers: { 'x-ratelimit-limit-requests': '100', 'x-ratelimit-remaining-requests': '42', 'x-ratelimit-reset-requests': '1m6s', 'x-ratelimit-remaining-tokens': '9000' } };
    const model = await catalog.resolve({ id: 'openai:chat:m', config: { apiBaseUrl: server.url } });
    await model.generate(requestOf('x'), { signal: never(), onRateLimit: (status) => seen.push(status) });
    fault = '429';
    await failure(model.generate(requestOf('x'), { signal: never(), onRateLimit: (status) => seen.push(status) }));
    fault = 'ok';
    server.options = { ...server.options, headers: undefined };
    const expected = { limitRequests: 100, remainingRequests: 42, resetRequestsMs: 66_000, limitTokens: null, remainingTokens: 9_000, resetTokensMs: null };
    expect(seen).toEqual([expected, expected]);
  });

  it('embeds texts in order, as unit vectors', async () => {
    const model = await catalog.embedding('openai:embedding:text-embedding-3-small').catch(() => null);
    expect(model?.id).toBe('openai:embedding:text-embedding-3-small');
    const own = catalogOf({ environment: (name) => (name === 'OPENAI_BASE_URL' ? server.url : undefined) });
    const [a, b, c] = await (await own.embedding('openai:embedding:m')).embed(['abc', 'xyz', 'abc'], never());
    expect(a).toEqual(c);
    expect(a).not.toEqual(b);
    expect(Math.hypot(...a!)).toBeCloseTo(1, 5);
    await own.dispose();
  });

  it.each([
    ['no numbers', [{ index: 0, embedding: ['x'] }, { index: 1, embedding: [1] }], 'not a list of numbers'],
    ['an empty list', [{ index: 0, embedding: [] }, { index: 1, embedding: [1] }], 'not a list of numbers'],
    ['one text twice', [{ index: 1, embedding: [1] }, { index: 1, embedding: [2] }], 'one text each'],
    ['a place between', [{ index: 0.5, embedding: [1] }, { index: 1, embedding: [2] }], 'one text each'],
  ])('refuses embeddings with %s', async (_, data, words) => {
    const gateway = createServer((_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data })));
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/v1`;
    const own = catalogOf({ environment: (name) => (name === 'OPENAI_BASE_URL' ? url : undefined) });
    const error = await failure((await own.embedding('openai:embedding:m')).embed(['a', 'b'], never()));
    gateway.closeAllConnections();
    gateway.close();
    await own.dispose();
    expect(error).toMatchObject({ code: 'model-response', message: expect.stringContaining(words) as string });
  });

  it('keeps a key that the redactor learnt out of any text', async () => {
    const redactor = createRedactor();
    const own = catalogOf({ redactor });
    await (await own.resolve({ id: 'openai:chat:m', config: { apiBaseUrl: server.url } })).generate(requestOf('x'), { signal: never() });
    expect(redactor.redactValues(`log ${KEY} end`)).toBe('log [secret] end');
    await own.dispose();
  });
});
