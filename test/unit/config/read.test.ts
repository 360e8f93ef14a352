import { describe, expect, it } from 'vitest';
import { datasetsFor } from '../../../src/core/config/datasets.ts';
import { parseProjectConfig, readProjectConfig } from '../../../src/core/config/read.ts';
import { memoryFiles } from '../prompt/memory-files.ts';
import { covered } from '../prompt/places.ts';

const PATH = '/w/touchstone.yml';

function findings(text: string): string[] {
  return parseProjectConfig(PATH, '/w', text).diagnostics.map(({ severity, code, range }) => `${severity} ${code}: ${covered(text, range)}`);
}

describe('touchstone.yml', () => {
  it('reads everything it has', () => {
    const config = parseProjectConfig(PATH, '/w', `models:
  fast: { provider: openai, model: gpt-5-mini, apiKey: "\${env:OPENAI_API_KEY}", organization: o, api: responses, timeoutMs: 5000, parameters: { temperature: 0 } }
  acme/*: { provider: openai-compatible, baseUrl: "http://localhost:1/v1", headers: { X-Team: core, Authorization: "Bearer \${env:T}" }, price: { input: 1, output: 2 }, extraKey: 1 }
  rec: { provider: replay, file: data/r.jsonl }
  agent: { provider: exec, command: python agent.py }
prices: { openai/gpt-x: { input: 0.5, output: 2, cachedInput: 0.05, date: "2026-01-01" } }
datasets: { prompts/triage: data/t.jsonl, "evals/**": [a.csv, b.csv] }
judge: openai/gpt-5
embedding: local:embeddings
budget: 5
concurrency: 8
limits: { "https://api.openai.com": { requestsPerMinute: 60, tokensPerMinute: 10000 } }
environments: [dev, production]
traces: { sources: [logs/*.jsonl, { path: "~/.claude/projects/*/*.jsonl", from: end }, ../other/**/*.json], receiver: { origins: ["http://localhost:3000"], hosts: tunnel.example, token: "\${env:T}" } }
`);
    expect(config.diagnostics).toEqual([]);
    expect(config.models).toMatchObject({
      fast: { provider: 'openai', model: 'gpt-5-mini', apiKey: { env: 'OPENAI_API_KEY' }, organization: 'o', api: 'responses', timeoutMs: 5000, parameters: { temperature: 0 }, extra: {} },
      'acme/*': { provider: 'openai-compatible', baseUrl: 'http://localhost:1/v1', headers: { 'X-Team': 'core', Authorization: 'Bearer ${env:T}' }, price: { input: 1, output: 2, source: 'touchstone.yml' }, extra: { extraKey: 1 } },
      rec: { file: '/w/data/r.jsonl' },
      agent: { command: 'python agent.py' },
    });
    expect(config).toMatchObject({
      prices: { 'openai/gpt-x': { input: 0.5, cachedInput: 0.05, output: 2, date: '2026-01-01' } }, datasets: { 'prompts/triage': ['/w/data/t.jsonl'], 'evals/**': ['/w/a.csv', '/w/b.csv'] },
      judge: 'openai/gpt-5', embedding: 'local:embeddings', budgetUsd: 5, concurrency: 8, limits: { 'https://api.openai.com': { requestsPerMinute: 60, tokensPerMinute: 10_000 } },
      environments: ['dev', 'production'],
      traces: { sources: [{ path: 'logs/*.jsonl', from: 'start' }, { path: '~/.claude/projects/*/*.jsonl', from: 'end' }, { path: '../other/**/*.json', from: 'start' }], backends: [], receiver: { origins: ['http://localhost:3000'], hosts: ['tunnel.example'], token: { env: 'T' } } },
    });
    expect([datasetsFor('prompts/triage', config), datasetsFor('evals/a/b#v2', config), datasetsFor('other', config), datasetsFor('constructor', config)]).toEqual([['/w/data/t.jsonl'], ['/w/a.csv', '/w/b.csv'], [], []]);
  });

  it('has a default for everything', async () => {
    const none = await readProjectConfig('/w', { files: memoryFiles({}) });
    expect(none).toEqual({ path: PATH, models: {}, prices: {}, datasets: {}, budgetUsd: null, concurrency: null, limits: {}, environments: ['development', 'staging', 'production'], code: [], traces: { sources: [], backends: [] }, diagnostics: [] });
    expect(parseProjectConfig(PATH, '/w', '# nothing\n')).toEqual(none);
    expect(await readProjectConfig('/w', { files: memoryFiles({ '/w/touchstone.yaml': 'budget: 1\n' }) })).toMatchObject({ path: '/w/touchstone.yaml', budgetUsd: 1 });
  });

  it('says where paths of programs lie in the workspace, and nowhere else', () => {
    expect(parseProjectConfig(PATH, '/w', 'code:\n  - { from: /srv/app, to: ./services/shop }\n').code).toEqual([{ from: '/srv/app', to: 'services/shop' }]);
    for (const rule of ['{ from: /srv, to: ../elsewhere }', '{ from: /srv, to: /etc }', '{ to: a }', 'a']) {
      const { code, diagnostics } = parseProjectConfig(PATH, '/w', `code:\n  - ${rule}\n`);
      expect([code, diagnostics.map((found) => [found.code, found.range.start.line])]).toEqual([[], [['code', 1]]]);
    }
  });

  it.each([
    ['models: { a: { provider: openai, apiKey: sk-secret-value } }', ['error secret: sk-secret-value']],
    ['models: { a: { provider: openai, headers: { Authorization: Bearer secret } } }', ['error secret: Bearer secret']],
    ['models: { a: { provider: openai, headers: { X-Api-Key: secret } } }', ['error secret: secret']],
    ['environments: production', ['error environments: production']],
    ['environments: []', ['error environments: []']],
    ['environments: [Production, con, "2024", beef, "../up", dev, dev, 5]', ['error environments: Production', 'error environments: con', 'error environments: "2024"', 'error environments: beef', 'error environments: "../up"', 'warning environments: dev', 'error environments: 5']],
    ['traces: 5', ['error traces: 5']],
    ['traces: { sources: a.jsonl, receivers: 1 }', ['warning unknown-key: 1']],
    ['traces: { receiver: 5 }', ['error traces: 5']],
    ['traces: { receiver: { origins: ["*", "http://a.example/path", "http://a.example"], cors: 1 } }', ['warning unknown-key: 1', 'error traces: "*"', 'error traces: "http://a.example/path"']],
    ['traces: { receiver: { hosts: ["a.example:80"], token: secret } }', ['error secret: secret', 'error traces: "a.example:80"']],
    ['traces: { sources: [5] }', ['error traces: 5']],
    ['traces: { sources: [""] }', ['error traces: ""']],
    ['traces: { sources: [{ path: a.jsonl, from: middle, format: otlp }] }', ['warning unknown-key: otlp', 'error traces: middle']],
    ['traces: { sources: [{ from: end }] }', ['error traces: { from: end }']],
    ['traces: { sources: ["!a.jsonl"] }', ['error traces: "!a.jsonl"']],
    ['traces: { sources: [~someone/a.jsonl] }', ['error traces: ~someone/a.jsonl']],
    ['traces: { sources: ["/**/*.jsonl"] }', ['error traces: "/**/*.jsonl"']],
    ['traces: { sources: ["~/**"] }', ['error traces: "~/**"']],
    ['traces: { sources: [a.jsonl, a.jsonl] }', ['warning traces: a.jsonl']],
    ['models: { a: { provider: nobody } }', ['error models: nobody']],
    ['models: { a: {} }', ['error models: {}']],
    ['models: { a: 5 }', ['error models: 5']],
    ['models: []', ['error models: []']],
    ['models: { a: { provider: openai-compatible } }', ['error models: { provider: openai-compatible }']],
    ['models: { a: { provider: exec } }', ['error models: { provider: exec }']],
    ['models: { a: { provider: openai, api: rest } }', ['error models: rest']],
    ['models: { a: { provider: openai, timeoutMs: soon } }', ['error models: soon']],
    ['prices: { x: { input: 1 } }', ['error price: { input: 1 }']],
    ['prices: { x: { input: -1, output: 1 } }', ['error price: -1', 'error price: { input: -1, output: 1 }']],
    ['prices: { x: { input: 1, output: 1, currency: EUR } }', ['warning unknown-key: EUR']],
    ['datasets: { a: 5 }', ['error config: 5']],
    ['budget: much', ['error config: much']],
    ['budget: -1', ['error config: -1']],
    ['concurrency: 1.5', ['error config: 1.5']],
    ['limits: { "*": { requestsPerMinute: 0, perHour: 1 } }', ['error limits: 0', 'warning unknown-key: 1']],
    ['judge: [x]', ['error config: [x]']],
    ['buget: 1', ['warning unknown-key: 1']],
    ['- a', ['error config: - a']],
    ['a: [', ['error yaml: ']],
  ])('underlines what is wrong in %j', (text, expected) => {
    const found = findings(`${text}\n`);
    if (expected[0] === 'error yaml: ') expect(found[0]).toMatch(/^error yaml/);
    else expect(found).toEqual(expected);
  });

  it('never repeats a key that stands in the file', () => {
    const { diagnostics, models } = parseProjectConfig(PATH, '/w', 'models: { a: { provider: openai, apiKey: sk-secret-value, headers: { Authorization: Bearer sk-other } } }\n');
    expect(JSON.stringify([diagnostics, models])).not.toMatch(/sk-/);
  });
});
