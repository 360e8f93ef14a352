import { describe, expect, it } from 'vitest';
import type { ModelEntry } from '../../../src/core/config/model.ts';
import { TouchstoneError } from '../../../src/core/errors.ts';
import { resolveModelId, type ModelSettings, type ModelTarget } from '../../../src/core/model/ids.ts';
import { VENDORS } from '../../../src/core/model/vendors.ts';

const NONE: ModelSettings = { path: '/ws/touchstone.yml', models: {} };
const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
const entry = (value: Partial<ModelEntry> & Pick<ModelEntry, 'provider'>): ModelEntry => ({ extra: {}, range, ...value });
const target = (id: string, config: Record<string, unknown> = {}, settings: ModelSettings = NONE, environment: Record<string, string> = {}): ModelTarget => resolveModelId({ id, config }, settings, (name) => environment[name]).target;

function refusal(id: string, config: Record<string, unknown> = {}, settings: ModelSettings = NONE): TouchstoneError {
  try {
    target(id, config, settings);
  } catch (error) {
    if (error instanceof TouchstoneError) return error;
    throw error;
  }
  throw new Error(`${id} was accepted`);
}

describe('our own ids', () => {
  it.each<[string, Partial<ModelTarget>]>([
    ['echo', { kind: 'echo' }],
    ['local:labels', { kind: 'local', model: 'labels' }],
    ['local:embeddings', { kind: 'local', model: 'embeddings' }],
    ['vscode:copilot/gpt-5', { kind: 'vscode', selector: 'copilot/gpt-5' }],
    ['exec: python agent.py --fast', { kind: 'exec', command: 'python agent.py --fast' }],
    ['http://localhost:3000/answer', { kind: 'http', url: 'http://localhost:3000/answer' }],
    ['https://example.com/x:y', { kind: 'http', url: 'https://example.com/x:y' }],
    ['file://provider.js', { kind: 'file', path: 'provider.js', export: null }],
    ['file:///abs/provider.mjs:Agent', { kind: 'file', path: '/abs/provider.mjs', export: 'Agent' }],
    ['file://provider.py:ask', { kind: 'python', path: 'provider.py', function: 'ask' }],
    ['python:agent.py', { kind: 'python', path: 'agent.py', function: 'call_api' }],
    ['replay:runs/out.jsonl', { kind: 'replay', path: 'runs/out.jsonl', field: null }],
    ['replay:runs/out.jsonl#175b.solution', { kind: 'replay', path: 'runs/out.jsonl', field: '175b.solution' }],
  ])('%s', (id, expected) => {
    expect(target(id)).toEqual(expected);
  });
});

describe('publisher/model', () => {
  it('means OpenAI for the publisher openai', () => {
    expect(target('openai/gpt-5-mini')).toMatchObject({ kind: 'openai', api: 'chat', model: 'gpt-5-mini', baseUrl: 'https://api.openai.com/v1', keys: ['OPENAI_API_KEY'], priceName: 'openai/gpt-5-mini' });
  });

  it('needs touchstone.yml for any other', () => {
    const error = refusal('meta/llama-3.3-70b-instruct');
    expect(error.code).toBe('unknown-model');
    expect(error.message).toContain('touchstone.yml');
    expect(error.message).toContain('meta/llama-3.3-70b-instruct');
  });

  it('takes the entry of touchstone.yml first', () => {
    const settings: ModelSettings = {
      path: '/ws/touchstone.yml',
      models: {
        'openai/gpt-5-mini': entry({ provider: 'azure', deployment: 'mini', baseUrl: 'https://me.openai.azure.com', apiKey: { env: 'MY_KEY' } }),
        'meta/*': entry({ provider: 'openai-compatible', baseUrl: 'https://gateway.example/v1/', apiKey: { env: 'GATEWAY_KEY' }, headers: { 'x-team': 'a' }, parameters: { temperature: 0.2, top_k: 4 } }),
        fast: entry({ provider: 'local' }),
        agent: entry({ provider: 'exec', command: 'node agent.mjs', timeoutMs: 5_000 }),
      },
    };
    expect(target('openai/gpt-5-mini', {}, settings)).toMatchObject({ vendor: 'Azure OpenAI', model: 'mini', baseUrl: 'https://me.openai.azure.com', keys: ['MY_KEY'], priceName: null });
    const llama = resolveModelId({ id: 'meta/llama-4' }, settings, () => undefined);
    expect(llama.target).toMatchObject({ vendor: 'gateway.example', model: 'llama-4', baseUrl: 'https://gateway.example/v1', keys: ['GATEWAY_KEY'], headers: { 'x-team': 'a' } });
    expect(llama.parameters).toEqual({ temperature: 0.2, extra: { top_k: 4 } });
    expect(target('fast', {}, settings)).toEqual({ kind: 'local', model: 'labels' });
    expect(resolveModelId({ id: 'agent' }, settings, () => undefined)).toMatchObject({ target: { kind: 'exec', command: 'node agent.mjs' }, baseDir: '/ws', timeoutMs: 5_000 });
  });

  it('says what an entry lacks', () => {
    const settings: ModelSettings = { path: '/ws/touchstone.yml', models: { mine: entry({ provider: 'openai-compatible' }) } };
    expect(refusal('mine', {}, settings).message).toContain('`baseUrl`');
  });
});

describe('promptfoo\'s ids', () => {
  it.each<[string, string, string]>([
    ['openai:gpt-4o-mini', 'chat', 'gpt-4o-mini'],
    ['openai:chat:gpt-4o-mini', 'chat', 'gpt-4o-mini'],
    ['openai:chat:ft:gpt-4o-mini:org::abc', 'chat', 'ft:gpt-4o-mini:org::abc'],
    ['openai:responses:gpt-5', 'responses', 'gpt-5'],
    ['openai:completion:davinci-002', 'completions', 'davinci-002'],
    ['openai:gpt-3.5-turbo-instruct', 'completions', 'gpt-3.5-turbo-instruct'],
    ['openai:embedding:text-embedding-3-small', 'embeddings', 'text-embedding-3-small'],
    ['anthropic:messages:claude-sonnet-4-5', 'chat', 'claude-sonnet-4-5'],
    ['google:gemini-2.5-flash', 'chat', 'gemini-2.5-flash'],
    ['ollama:chat:llama3.3:70b', 'chat', 'llama3.3:70b'],
    ['ollama:llama3', 'chat', 'llama3'],
    ['openrouter:meta-llama/llama-4-maverick', 'chat', 'meta-llama/llama-4-maverick'],
    ['togetherai:chat:mistralai/Mixtral-8x7B', 'chat', 'mistralai/Mixtral-8x7B'],
  ])('%s', (id, api, model) => {
    expect(target(id)).toMatchObject({ kind: 'openai', api, model });
  });

  it.each(VENDORS.filter(({ baseUrl }) => baseUrl !== null))('the row of $name', (vendor) => {
    const found = target(`${vendor.prefix}:some-model`);
    expect(found).toMatchObject({ kind: 'openai', vendor: vendor.name, model: 'some-model', baseUrl: vendor.baseUrl, keys: vendor.keys });
    // Keys travel only over TLS, but to one's own machine.
    expect(vendor.baseUrl).toMatch(/^https:\/\/|^http:\/\/localhost:/);
    expect(vendor.baseUrl).not.toMatch(/\/$/);
    expect(vendor.docs).toMatch(/^https:\/\//);
  });

  it.each(VENDORS.filter(({ baseUrl }) => baseUrl === null))('$name needs an address', (vendor) => {
    const error = refusal(`${vendor.prefix}:some-model`);
    expect(error.code).toBe('unknown-model');
    expect(error.message).toContain(`"${vendor.prefix}:some-model"`);
    expect(error.message).toContain('baseUrl');
    expect(target(`${vendor.prefix}:some-model`, { apiBaseUrl: 'https://gateway.example/v1' })).toMatchObject({ baseUrl: 'https://gateway.example/v1' });
  });

  it.each(['azure:assistant:asst_1', 'openai:realtime:gpt-4o-realtime', 'openai:image:dall-e-3', 'bedrock:anthropic.claude-v2', 'websocket:wss://x', 'unheard-of:model', 'nothing', 'openai:chat:', 'openai:', 'local:gpt', 'file://x.rb', 'http:not a url'])('refuses %s by its name', (id) => {
    const error = refusal(id);
    expect(error.code).toBe('unknown-model');
    expect(error.message).toContain(`"${id}"`);
    expect(error.message.length).toBeGreaterThan(id.length + 40);
  });

  it('takes the address and key of the settings', () => {
    expect(target('openai:gpt-4o', { apiBaseUrl: 'http://localhost:9/v1/', apiKeyEnvar: 'OTHER', organization: 'o' })).toMatchObject({ baseUrl: 'http://localhost:9/v1', keys: ['OTHER'], organization: 'o', priceName: null });
    expect(target('openai:gpt-4o', { apiHost: 'proxy.example' })).toMatchObject({ baseUrl: 'https://proxy.example/v1' });
    expect(target('openai:gpt-4o', {}, NONE, { OPENAI_BASE_URL: 'http://localhost:1/v1' })).toMatchObject({ baseUrl: 'http://localhost:1/v1', priceName: null });
    expect(target('ollama:x', {}, NONE, { OLLAMA_BASE_URL: 'http://host:11434' })).toMatchObject({ baseUrl: 'http://host:11434/v1', keyOptional: true });
    expect(target('azure:chat:d', { apiHost: 'me.openai.azure.com' })).toMatchObject({ baseUrl: 'https://me.openai.azure.com', azure: { apiVersion: '2024-10-21' } });
  });

  it('takes a reference to a key and refuses a key', () => {
    expect(target('openai:gpt-4o', { apiKey: '{{env.MINE}}' })).toMatchObject({ keys: ['MINE'] });
    expect(target('openai:gpt-4o', { apiKey: '${env:MINE}' })).toMatchObject({ keys: ['MINE'] });
    const error = refusal('openai:gpt-4o', { apiKey: 'sk-very-secret-value' });
    expect(error.code).toBe('invalid-config');
    expect(error.message).not.toContain('sk-very-secret-value');
  });

  it('reads parameters in both spellings', () => {
    const { parameters } = resolveModelId({ id: 'openai:gpt-4o', config: { temperature: 0, max_tokens: 5, topP: 0.9, stop: 'x', apiKeyEnvar: 'K', passthrough: { logit_bias: {} } } }, NONE, () => undefined);
    expect(parameters).toEqual({ temperature: 0, maxTokens: 5, topP: 0.9, stop: ['x'], extra: { logit_bias: {} } });
  });
});
