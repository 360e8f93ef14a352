import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { secretName } from '../../../src/core/config/backends.ts';
import { addBackendSource } from '../../../src/core/config/edit-sources.ts';
import { parseProjectConfig } from '../../../src/core/config/read.ts';

const PATH = '/w/touchstone.yml';
const read = (text: string) => parseProjectConfig(PATH, '/w', text);
const sources = (entries: string) => read(`traces:\n  sources:\n${entries.split('\n').map((line) => `    - ${line}`).join('\n')}\n`);

describe('backends in traces.sources', () => {
  it('reads them beside files, with the addresses of their vendors', () => {
    const config = sources('logs/*.jsonl\n{ name: prod, type: langfuse, user: pk-lf-1, key: "${env:LF}" }\n{ name: smith, type: langsmith, project: shop }\n{ name: w, type: weave, project: acme/shop }\n{ name: dd, type: datadog, url: "https://api.us5.datadoghq.com" }\n{ name: ch, type: clickhouse, url: "http://10.0.0.5:8123/", table: spans, annotate: false, timeoutMs: 5000 }\n{ name: team, type: sqlite, path: ../team/touchstone.db }');
    expect(config.diagnostics).toEqual([]);
    expect(config.traces.sources).toMatchObject([{ path: 'logs/*.jsonl' }]);
    expect(config.traces.backends.map(({ name, url, app, path }) => [name, url, app, path])).toEqual([
      ['prod', 'https://cloud.langfuse.com', 'https://cloud.langfuse.com', undefined],
      ['smith', 'https://api.smith.langchain.com', 'https://smith.langchain.com', undefined],
      ['w', 'https://trace.wandb.ai', 'https://wandb.ai', undefined],
      ['dd', 'https://api.us5.datadoghq.com', 'https://us5.datadoghq.com', undefined],
      ['ch', 'http://10.0.0.5:8123', 'http://10.0.0.5:8123', undefined],
      ['team', '', '', '/team/touchstone.db'],
    ]);
    expect(config.traces.backends[0]).toMatchObject({ user: 'pk-lf-1', key: { env: 'LF' }, annotate: false });
  });

  it.each([
    ['{ type: langfuse }', /has a name/],
    ['{ name: "a b", type: langfuse }', /has a name/],
    ['{ name: a, type: splunk }', /one of langfuse, langsmith/],
    ['{ name: a, type: jaeger, url: "ftp://h" }', /is an address such as/],
    ['{ name: a, type: jaeger, url: "http://h/?token=secret-1" }', /without \? and #/],
    ['{ name: a, type: jaeger, url: "http://user:secret-1@h" }', /a key does not belong into a file/],
    ['{ name: a, type: langfuse, key: secret-1 }', /a key does not belong into a file/],
    ['{ name: a, type: langfuse, user: "u:secret-1" }', /a key does not belong into a file/],
    ['{ name: a, type: clickhouse, table: "x; DROP TABLE y" }', /letters, digits and "_"/],
    ['{ name: a, type: weave, project: shop }', /entity\/project/],
    ['{ name: a, type: sqlite }', /needs "path"/],
    ['{ name: a, type: jaeger, annotate: 1 }', /true or false/],
    ['{ name: a, type: jaeger, timeoutMs: 0 }', /above 0/],
    ['{ name: a, type: jaeger }\n{ name: a, type: tempo }', /two sources are called "a"/],
  ])('refuses %s', (entries, message) => {
    const errors = sources(entries).diagnostics.filter(({ severity }) => severity === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]!.message).toMatch(message);
    expect(errors[0]!.message).not.toContain('secret-1');
    expect(errors[0]!.range.start.line).toBe(1 + entries.split('\n').length);
  });

  it('names keys after the source', () => {
    expect(secretName('my-prod.eu', 'KEY')).toBe('TOUCHSTONE_MY_PROD_EU_KEY');
  });

  it('adds one and leaves everything else as it stands', () => {
    const entry = { name: 'prod', type: 'langfuse', url: 'https://lf.example.com', key: '${env:LF_KEY}', annotate: true };
    for (const text of ['', '# ours\njudge: a # the judge\n', 'traces:\n  sources:\n    - logs/*.jsonl # files\n', 'traces: { sources: [a.jsonl] }\n', 'traces:\n  sources: a.jsonl\n', 'traces:\r\n  sources:\r\n  - a.jsonl\r\n\r\njudge: a\r\n']) {
      const edit = addBackendSource(PATH, text, entry)!;
      const after = text.slice(0, edit.start) + edit.newText + text.slice(edit.end);
      const { traces } = parse(after) as { traces: { sources: unknown[] } };
      expect(traces.sources.at(-1), text).toEqual(entry);
      for (const line of text.split(/\r?\n/)) if (line.includes('#')) expect(after).toContain(line.slice(line.indexOf('#')));
      expect(read(after).traces.backends).toMatchObject([{ name: 'prod', key: { env: 'LF_KEY' } }]);
      expect(addBackendSource(PATH, after, { ...entry, url: 'https://other' })).toBeNull();
    }
  });
});
