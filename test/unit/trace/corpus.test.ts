import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTraceText } from '../../../src/core/trace/formats/read.ts';
import { normaliseTraces } from '../../../src/core/trace/normalise/normalise-trace.ts';
import { encodeLogs, encodeSpans } from '../../../src/core/trace/otlp-encode.ts';
import { decodeOtlpJson } from '../../../src/core/trace/otlp-json.ts';
import { CORPUS, INDEPENDENT } from './corpus-counts.ts';
import { readBothWays } from './spans.ts';

const shared = process.env['TOUCHSTONE_SHARED'] ?? path.resolve(import.meta.dirname, '../../../../shared');
const folder = path.join(shared, 'corpus/traces');

describe.skipIf(!existsSync(folder))(`corpus of traces (skipped without ${folder})`, () => {
  const textOf = (file: string): string => readFileSync(path.join(folder, file), 'utf8');

  it('has a row for every file', () => {
    expect(globSync('**/*', { cwd: folder, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name))).sort()).toEqual(Object.keys(CORPUS).sort());
  });

  it.each(Object.entries(CORPUS))('%s', (file, expected) => {
    const text = textOf(file);
    const { formats, spans, logs, rejected } = readTraceText(text);
    const traces = normaliseTraces(spans, logs);
    const distinct = traces.reduce((sum, trace) => sum + trace.spans.length, 0);
    expect({ format: formats[0] ?? null, spans: spans.length, distinct, logs: logs.length, traces: traces.length, rejected: rejected.length }).toEqual(expected);
    expect(spans.length + logs.length).toBe(INDEPENDENT[expected.format ?? 'none'](text));
    for (const { spans: all, tree } of traces) {
      expect(new Set(all.map((span) => span.spanId)).size).toBe(all.length);
      expect(tree.order.length).toBe(all.length);
      expect(tree.cut).toEqual([]);
    }
  });

  it.each(Object.keys(CORPUS))('%s: out as OTLP and in again loses nothing', (file) => {
    const { spans, logs } = readTraceText(textOf(file));
    const out = JSON.stringify({ ...encodeSpans(spans), ...encodeLogs(logs) });
    const again = decodeOtlpJson(JSON.parse(out))!;
    const byId = (a: { spanId: string | null }, b: { spanId: string | null }): number => String(a.spanId).localeCompare(String(b.spanId));
    expect(again.rejected).toEqual([]);
    expect([...again.spans].sort(byId)).toEqual([...spans].sort(byId));
    expect(again.logs).toEqual(logs);
  });

  it.each(Object.keys(CORPUS))('%s: what is taken in without reading messages is what the whole span says', (file) => {
    for (const span of readTraceText(textOf(file)).spans) readBothWays(span);
  });

  it('the same spans as OTLP and as Jaeger JSON agree', () => {
    const [otlp, jaeger] = ['in', 'out'].map((side) => readTraceText(textOf(`jaeger-ui/otlp2jaeger-${side}.json`)).spans);
    // Jaeger has no place for the URL of a schema
    expect(jaeger).toEqual(otlp!.map((span) => ({ ...span, resource: { ...span.resource, schemaUrl: '' } })));
  });

  it('reads kinds, tools and tokens of the recorded frameworks', () => {
    const read = (file: string): string[] => normaliseTraces(readTraceText(textOf(file)).spans).flatMap(({ spans, tree }) => [...tree.order].map((index) => {
      const { kind, toolName, model, tokens, usageRole, input, inputForm, output, outputForm } = spans[index]!;
      const counts = tokens ? `${tokens.input}/${tokens.cacheRead ?? 0}/${tokens.cacheWrite ?? 0}/${tokens.output}/${tokens.reasoning ?? 0} ${usageRole}` : '';
      const messages = ([[input, inputForm], [output, outputForm]] as const).map(([content, form]) => (form === 'messages' ? (content as unknown[]).length : form === null ? '-' : '·')).join('→');
      return [kind, toolName ?? model ?? '', counts, messages].join(' ').replace(/ +/g, ' ');
    }));
    expect(read('langfuse/openai-agents-2025-09-30.json')).toEqual(['agent -→-', 'agent -→-', 'llm gpt-4.1-2025-04-14 55/0/0/15/0 leaf 1→1', 'tool get_weather ·→·', 'llm gpt-4.1-2025-04-14 85/0/0/29/0 leaf 3→1']);
    expect(read('langfuse/google-adk-2025-08-28.json')).toEqual(['chain ·→1', 'agent -→1', 'llm gemini-2.0-flash 28/0/0/3/0 leaf 2→1', 'tool say_hello ·→·', 'llm gemini-2.0-flash 39/0/0/6/0 leaf 4→1']);
    expect(read('langfuse/pydantic-ai-tools-2025-12-04.json').slice(1, 8)).toEqual(['agent gpt-4o-mini 682/0/0/126/0 aggregate 4→1', 'llm gpt-4o-mini-2024-07-18 265/0/0/73/0 leaf 2→1', 'chain -→-', 'tool get_pun_suggestion ·→·', 'tool get_dad_joke_suggestion ·→·', 'tool get_one_liner_suggestion ·→·', 'llm gpt-4o-mini-2024-07-18 417/0/0/53/0 leaf 4→1']);
    expect(read('langfuse/agno-2025-06-11.json')).toEqual(['agent ·→1', 'llm gpt-4o-mini 542/0/0/235/0 duplicate 2→1', 'llm gpt-4o-mini 163/0/0/20/0 leaf ·→·', 'tool duckduckgo_search ·→·', 'llm gpt-4o-mini 1568/0/0/423/0 duplicate 3→1', 'llm gpt-4o-mini 663/0/0/225/0 leaf ·→·']);
    expect(read('langsmith/langsmith_py_wrap_openai_reasoning.json')).toEqual(['llm o1-mini-2024-09-12 43/0/0/1089/1408 leaf 1→1']);
    expect(read('langwatch/opencode-B.doStream.json')).toEqual(['llm claude-haiku-4-5-20251001 3/0/12629/13/0 leaf 2→1']);
    expect(read('langwatch/codex-B.session_task_turn.json')).toEqual(['agent gpt-5.5 8817/4480/0/13/10 leaf -→-']);
  });
});
