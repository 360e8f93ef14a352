import { afterAll, describe, expect, it } from 'vitest';
import type { ModelReply, ModelRequest } from '../../../src/core/model/model.ts';
import { BARE, DESCRIBED, TICKETS } from '../../fixtures/tickets.ts';
import { catalogOf, failure, never, requestOf } from './harness.ts';

const catalog = catalogOf();
afterAll(() => catalog.dispose());

async function ask(system: string, user: string, extra: Partial<ModelRequest> = {}): Promise<ModelReply> {
  const model = await catalog.resolve({ id: 'local:labels' });
  return model.generate(requestOf(user, { messages: [{ role: 'system', content: system }, { role: 'user', content: user }], ...extra }), { signal: never() });
}

async function right(system: string): Promise<number> {
  const answers = await Promise.all(TICKETS.map(([, text]) => ask(system, `Ticket: ${text}`)));
  return answers.filter((answer, index) => answer.text === TICKETS[index]![0]).length;
}

describe('local:labels', () => {
  it('gets better when the prompt describes its labels', async () => {
    const bare = await right(BARE);
    const described = await right(DESCRIBED);
    expect({ bare, described }).toEqual({ bare: expect.any(Number) as number, described: expect.any(Number) as number });
    // Chance is 6 of 24.
    expect(bare).toBeLessThanOrEqual(16);
    expect(described).toBeGreaterThanOrEqual(19);
    expect(described - bare).toBeGreaterThanOrEqual(5);
  });

  it('gets better when the prompt shows an example', async () => {
    const text = 'The zebra button makes a strange noise.';
    const labels = 'Labels: alpha, beta';
    const model = await catalog.resolve({ id: 'local:labels' });
    const generate = (messages: ModelRequest['messages']): Promise<ModelReply> => model.generate(requestOf('x', { messages }), { signal: never() });
    const shown = (label: string): ModelRequest['messages'] => [
      { role: 'system', content: labels },
      { role: 'user', content: 'The zebra button is loud.' },
      { role: 'assistant', content: label },
      { role: 'user', content: text },
    ];
    expect((await generate(shown('alpha'))).text).toBe('alpha');
    expect((await generate(shown('beta'))).text).toBe('beta');
  });

  it('is deterministic, free, and counts its tokens', async () => {
    const [first, second] = [await ask(DESCRIBED, 'Ticket: my parcel is late'), await ask(DESCRIBED, 'Ticket: my parcel is late')];
    expect(first).toEqual(second);
    expect(first).toMatchObject({ text: 'shipping', reportedCost: 0, finishReason: 'stop' });
    expect(first.usage!.input).toBeGreaterThan(50);
    expect(first.usage!.output).toBe(2);
  });

  it('answers in the form that the schema asks for', async () => {
    const { text } = await ask('Sort the ticket.\n- billing: payments and refunds\n- shipping: parcels and delivery', 'The courier lost my parcel. I am angry about that.', {
      responseFormat: {
        type: 'json_schema',
        name: 'triage',
        schema: {
          type: 'object',
          properties: { label: { type: 'string', enum: ['billing', 'shipping'] }, summary: { type: 'string' }, confidence: { type: 'number' }, priority: { type: 'integer', minimum: 1, maximum: 5 }, about_delivery: { type: 'boolean', description: 'about the delivery of a parcel' }, tags: { type: 'array', items: { type: 'string', enum: ['billing', 'shipping'] } }, version: { const: 2 } },
          required: ['label', 'summary', 'confidence', 'priority', 'about_delivery', 'tags', 'version'],
          additionalProperties: false,
        },
      },
    });
    const answer = JSON.parse(text) as Record<string, unknown>;
    expect(answer).toMatchObject({ label: 'shipping', summary: 'The courier lost my parcel.', about_delivery: true, tags: ['shipping'], version: 2 });
    expect(answer['confidence']).toBeGreaterThan(0.5);
    expect(answer['confidence']).toBeLessThanOrEqual(1);
    expect([1, 2, 3, 4, 5]).toContain(answer['priority']);
  });

  it('says what it is when a prompt lists no labels', async () => {
    expect(await failure(ask('You are a poet.', 'Write a haiku about the sea.'))).toMatchObject({ code: 'model-request', transient: false, message: expect.stringMatching(/no language model.*List them/s) as string });
  });

  it('is cancelled while it computes', async () => {
    const model = await catalog.resolve({ id: 'local:labels' });
    const stop = new AbortController();
    const call = failure(model.generate(requestOf(`Labels: a, b\n\nTicket: ${'never asked before '.repeat(40)}`), { signal: stop.signal }));
    stop.abort();
    expect(await call).toMatchObject({ code: 'cancelled' });
  });
});

describe('local:embeddings', () => {
  it('puts similar texts together, as unit vectors in order', async () => {
    const model = await catalog.embedding();
    const texts = ['How old are you?', 'What is your age?', 'The train leaves at noon.', '', ...Array.from({ length: 80 }, (_, i) => `sentence number ${i}`), 'How old are you?'];
    const vectors = await model.embed(texts, never());
    expect(vectors).toHaveLength(texts.length);
    const cosine = (a: number, b: number): number => vectors[a]!.reduce((sum, value, i) => sum + value * vectors[b]![i]!, 0);
    expect(vectors[0]).toHaveLength(512);
    expect(cosine(0, 0)).toBeCloseTo(1, 5);
    expect(cosine(0, texts.length - 1)).toBeCloseTo(1, 5);
    expect(cosine(0, 1)).toBeGreaterThan(cosine(0, 2) + 0.3);
    // An empty text has no direction.
    expect(cosine(3, 3)).toBe(0);
  });
});
