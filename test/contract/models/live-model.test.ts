import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelCatalog, ModelParameters, ModelReply } from '../../../src/core/model/model.ts';
import { startFaultServer, type FaultServer } from '../../fixtures/servers/fault-server.ts';
import { hasTinyModel, TinyLlm } from '../../fixtures/servers/tiny-llm.ts';
import { catalogOf, never, requestOf } from './harness.ts';

// The weights are in ../shared, which a clone of the repository alone does not have.
describe.skipIf(!hasTinyModel())('a live language model behind an OpenAI-compatible endpoint (needs ../shared/corpus/models)', () => {
  let server: FaultServer;
  let catalog: ModelCatalog;

  beforeAll(async () => {
    const llm = new TinyLlm();
    server = await startFaultServer({
      answer: ({ body, text }) => {
        const maxTokens = Number(body['max_tokens'] ?? 40);
        const pieces = [...llm.generate(text, { temperature: Number(body['temperature'] ?? 1), seed: Number(body['seed'] ?? Math.floor(Math.random() * 1e9)), maxTokens })];
        return { text: pieces, finishReason: pieces.length >= maxTokens ? 'length' : 'stop', usage: { input: llm.encode(text).length, cached: 0, output: pieces.length, reasoning: 0 } };
      },
    });
    catalog = catalogOf();
  });

  afterAll(async () => {
    await catalog.dispose();
    await server.stop();
  });

  const tell = async (parameters: ModelParameters, onText?: (piece: string) => void): Promise<ModelReply> => {
    const model = await catalog.resolve({ id: 'openai:chat:stories', config: { apiBaseUrl: server.url } });
    return model.generate(requestOf('Once upon a time', { parameters }), { signal: never(), ...(onText === undefined ? {} : { onText }) });
  };

  it('tells the story that llama2.c tells at temperature 0', async () => {
    const reply = await tell({ temperature: 0, maxTokens: 60 });
    expect(reply.text).toMatch(/^, there was a little girl named Lily\. She loved to play/);
    expect(reply.finishReason).toBe('length');
    expect(reply.usage).toEqual({ input: expect.any(Number) as number, cachedInput: 0, output: 60, reasoning: 0 });
  });

  it('repeats itself with a seed, and varies without', async () => {
    const [a, b, c, d] = [await tell({ temperature: 1, seed: 4 }), await tell({ temperature: 1, seed: 4 }), await tell({ temperature: 1 }), await tell({ temperature: 1 })];
    expect(a.text).toBe(b.text);
    expect(c.text).not.toBe(d.text);
  });

  it('streams token by token', async () => {
    const pieces: string[] = [];
    const reply = await tell({ temperature: 0, maxTokens: 20 }, (piece) => pieces.push(piece));
    expect(pieces).toHaveLength(20);
    expect(pieces.join('')).toBe(reply.text);
    expect(reply.usage?.output).toBe(20);
  });
});
