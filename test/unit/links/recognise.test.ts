import { describe, expect, it } from 'vitest';
import { pageOf, editorLinkOf, editorLinkTo, markdownLink } from '../../../src/core/links/make.ts';
import type { TraceLink } from '../../../src/core/links/model.ts';
import { isEditorLink, recogniseLink } from '../../../src/core/links/recognise.ts';
import { base64UrlOf, textOfBase64Url } from '../../../src/core/links/text.ts';
import { backend } from './backends.ts';

const HEX = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const A = '11111111-2222-4333-8444-555555555555';
const B = '66666666-7777-4888-9999-aaaaaaaaaaaa';
const C = 'cccccccc-dddd-4eee-8fff-000000000000';

/** A line of specs §6.9, an address of that form, what must be known of it. */
const FORMS: readonly (readonly [form: string, url: string, expected: Partial<TraceLink>])[] = [
  ['langfuse', `https://cloud.langfuse.com/project/cl-1/traces/${HEX}?observation=obs-1&timestamp=2026-11-20T10:00:00.000Z`, { backend: 'langfuse', project: 'cl-1', traceId: HEX, spanId: 'obs-1', time: { fromMs: Date.UTC(2026, 10, 20, 9), toMs: Date.UTC(2026, 10, 20, 11) } }],
  ['langfuse, below a path, an id with a slash in it', 'https://tools.example.com/langfuse/project/p/traces/run%2F7?x=1', { backend: 'langfuse', base: '/langfuse', project: 'p', traceId: 'run/7', spanId: null }],
  ['langfuse peek', `https://us.cloud.langfuse.com/project/p/traces?filter=a&peek=${A}&observation=${B}`, { backend: 'langfuse', project: 'p', traceId: A, spanId: B }],
  ['langfuse public', 'https://cloud.langfuse.com/public/traces/lf.trace.1', { backend: 'langfuse', traceId: 'lf.trace.1', project: null }],
  ['langfuse session', 'https://cloud.langfuse.com/project/p/sessions/s%201', { backend: 'langfuse', session: 's 1', traceId: null }],
  ['/trace/ of a configured langfuse', `https://lf.corp.example/trace/${HEX}`, { backend: 'langfuse', traceId: HEX }],
  ['/trace/ of another host', `https://other.corp.example/trace/${HEX}`, { backend: 'jaeger', traceId: HEX }],
  ['langsmith run', `https://smith.langchain.com/o/${A}/projects/p/${B}/r/${C}?trace_id=${A}&start_time=2026-11-20T10:00:00`, { backend: 'langsmith', tenant: A, project: B, callId: C, spanId: C, traceId: A }],
  ['langsmith run without its trace', `https://eu.smith.langchain.com/o/${A}/projects/p/${B}/r/${C.toUpperCase()}`, { backend: 'langsmith', callId: C, traceId: null, time: null }],
  ['langsmith peek', `https://smith.langchain.com/o/${A}/projects/p/${B}?peek=${C}`, { backend: 'langsmith', project: B, callId: C }],
  ['langsmith thread', `https://smith.langchain.com/o/${A}/projects/p/${B}/t/thread-9`, { backend: 'langsmith', session: 'thread-9' }],
  ['langsmith share', `https://smith.langchain.com/public/${A}/r`, { backend: 'langsmith', shareToken: A, callId: null }],
  ['langsmith share of a run', `https://smith.langchain.com/public/${A}/r/${B}`, { backend: 'langsmith', shareToken: A, callId: B }],
  ['phoenix trace', `http://localhost:6006/projects/UHJvamVjdDox/traces/${HEX}?selectedSpanNodeId=U3Bhbjo0Mg==`, { backend: 'phoenix', project: 'UHJvamVjdDox', traceId: HEX, spanId: 'U3Bhbjo0Mg==' }],
  ['phoenix spans', `https://app.phoenix.arize.com/s/team/projects/UHJvamVjdDox/spans/${HEX}`, { backend: 'phoenix', base: '/s/team', traceId: HEX }],
  ['phoenix redirects', `http://localhost:6006/redirects/traces/${HEX}`, { backend: 'phoenix', traceId: HEX }],
  ['phoenix redirect of a span', `http://localhost:6006/redirects/spans/${SPAN}`, { backend: 'phoenix', callId: SPAN, traceId: null }],
  ['phoenix redirect of a session', 'http://localhost:6006/redirects/sessions/abc', { backend: 'phoenix', session: 'abc', traceId: null }],
  ['opik traces', `https://www.comet.com/opik/team/projects/${A}/traces?tab=x&trace=${B}&span=${C}`, { backend: 'opik', base: '/opik', tenant: 'team', project: A, traceId: B, spanId: C }],
  ['opik logs', `http://localhost:5173/default/projects/${A}/logs?logsType=traces&trace=${B}`, { backend: 'opik', base: '', tenant: 'default', traceId: B }],
  ['opik redirect', `https://www.comet.com/opik/api/v1/session/redirect/projects/?trace_id=${B}&path=aHR0cHM`, { backend: 'opik', base: '/opik', traceId: B }],
  ['weave call', `https://wandb.ai/acme/support/weave/calls/${A}`, { backend: 'weave', project: 'acme/support', callId: A, traceId: null }],
  ['weave r/call', `https://wandb.ai/acme/support/r/call/${A}?x=1`, { backend: 'weave', project: 'acme/support', callId: A }],
  ['weave peekPath', `https://wandb.ai/acme/support/weave/traces?view=v&peekPath=%2Facme%2Fsupport%2Fcalls%2F${A}%3FhideTraceTree%3D0`, { backend: 'weave', project: 'acme/support', callId: A }],
  ['datadog', 'https://app.datadoghq.eu/apm/trace/6937854387123456789?spanID=123&timeHint=1790000000000', { backend: 'datadog', traceId: '6937854387123456789', spanId: '123' }],
  ['datadog llm', 'https://us5.datadoghq.com/llm/traces?query=x&trace_id=abc123', { backend: 'datadog', traceId: 'abc123' }],
  ['honeycomb', `https://ui.honeycomb.io/acme/environments/prod/datasets/api/trace?trace_id=${HEX}&span=${SPAN}&trace_start_ts=1790000000&trace_end_ts=1790000100`, { backend: 'honeycomb', tenant: 'acme', project: 'api', traceId: HEX, spanId: SPAN, time: { fromMs: 1790000000000, toMs: 1790000100000 } }],
  ['honeycomb classic', `https://ui.eu1.honeycomb.io/acme/datasets/api/trace?trace_id=${HEX}`, { backend: 'honeycomb', project: 'api', traceId: HEX }],
  ['grafana panes', `https://acme.grafana.net/explore?schemaVersion=1&panes=${encodeURIComponent(JSON.stringify({ x: { datasource: 'uid-1', queries: [{ refId: 'A', query: HEX, queryType: 'traceId' }], range: { from: '1790000000000', to: '1790003600000' } } }))}`, { backend: 'tempo', tenant: 'uid-1', traceId: HEX, time: { fromMs: 1790000000000, toMs: 1790003600000 } }],
  ['grafana left as a list', `https://grafana.corp/g/explore?left=${encodeURIComponent(JSON.stringify(['now-1h', 'now', 'Tempo', { query: HEX.slice(16) }]))}`, { backend: 'tempo', base: '/g', tenant: 'Tempo', traceId: HEX.slice(16) }],
  ['grafana left as an object', `https://grafana.corp/explore?left=${encodeURIComponent(JSON.stringify({ datasource: 'T', queries: [{ query: HEX }] }))}`, { backend: 'tempo', tenant: 'T', traceId: HEX }],
  ['grafana drilldown', `https://grafana.corp/a/grafana-exploretraces-app/explore?var-ds=uid-2&traceId=${HEX}&spanId=${SPAN}`, { backend: 'tempo', tenant: 'uid-2', traceId: HEX, spanId: SPAN }],
  ['logfire', `https://logfire-eu.pydantic.dev/acme/shop?q=trace_id%3D%27${HEX}%27`, { backend: 'logfire', project: 'acme/shop', traceId: HEX }],
  ['openai', 'https://platform.openai.com/logs/trace?trace_id=trace_4f1b', { backend: 'openai', traceId: 'trace_4f1b' }],
  ['jaeger', `http://localhost:16686/trace/${HEX}?uiFind=${SPAN}`, { backend: 'jaeger', traceId: HEX, spanId: SPAN }],
  ['jaeger below a path, 64 bits, a fragment', `https://ops.example.com/jaeger/ui/trace/ABC123#x`, { backend: 'jaeger', base: '/jaeger/ui', traceId: 'abc123' }],
  ['an id', HEX.toUpperCase(), { backend: 'local', traceId: HEX, url: null, origin: null }],
  ['a UUID', A, { backend: 'local', traceId: A }],
  ['a traceparent', `00-${HEX}-${SPAN}-01`, { backend: 'local', traceId: HEX, spanId: SPAN }],
  ['a traceparent header', `traceparent: 00-${HEX}-${SPAN}-01`, { backend: 'local', traceId: HEX, spanId: SPAN }],
  ['our own link', `vscode://touchstone.touchstone/trace/${HEX}?source=prod&span=${SPAN}`, { backend: 'local', traceId: HEX, spanId: SPAN, source: 'prod', url: null }],
  ['our own link in another editor', `cursor://touchstone.touchstone/trace/${HEX}`, { backend: 'local', traceId: HEX }],
  ['our own link around another', `vscode-insiders://touchstone.touchstone/trace?u=${base64UrlOf(`http://localhost:16686/trace/${HEX}`)}`, { backend: 'jaeger', traceId: HEX, origin: 'http://localhost:16686' }],
  ['anything else', 'https://example.com/a?b=c', { backend: 'unknown', traceId: null, origin: 'https://example.com' }],
];

const KNOWN = [{ type: 'langfuse', app: 'https://lf.corp.example' }];

describe('recognising links', () => {
  it.each(FORMS)('%s', (_, url, expected) => {
    expect(recogniseLink(url, KNOWN)).toMatchObject(expected);
  });

  it('finds the link in a text around it', () => {
    for (const text of [`see https://cloud.langfuse.com/project/p/traces/${HEX}.`, `[the trace](https://cloud.langfuse.com/project/p/traces/${HEX})`, `<https://cloud.langfuse.com/project/p/traces/${HEX}>`, `  "https://cloud.langfuse.com/project/p/traces/${HEX}"\n`]) {
      expect(recogniseLink(text), text).toMatchObject({ backend: 'langfuse', traceId: HEX });
    }
    expect(recogniseLink(`error in trace ${HEX}, please look`)).toMatchObject({ backend: 'local', traceId: HEX });
  });

  it('takes nothing for a link that is none', () => {
    for (const text of ['', '   ', 'refund', 'javascript:alert(1)', 'file:///etc/passwd', `${HEX}0`, 'https://', 'vscode://touchstone.touchstone/other', 'vscode://evil.ext/trace/abc', `vscode://touchstone.touchstone/trace?u=${base64UrlOf('file:///etc/passwd')}`, `vscode://touchstone.touchstone/trace?u=${base64UrlOf(`vscode://touchstone.touchstone/trace/${HEX}`)}`, 'vscode://touchstone.touchstone/trace?u=%00%ff']) {
      expect(recogniseLink(text), text).toBeNull();
    }
  });

  it('takes of an address that the editor was asked to open only what is a link whole', () => {
    for (const text of [`vscode://touchstone.touchstone/trace/${HEX}?source=my prod&span=${SPAN}`, `vscode-insiders://touchstone.touchstone/trace?u=${base64UrlOf('https://example.com/trace/1f')}`]) expect(isEditorLink(text), text).toBe(true);
    for (const text of [
      `vscode://touchstone.touchstone/?x= https://evil.example/trace/${HEX}`, `vscode://touchstone.touchstone/other/${HEX}`, `vscode://evil.extension/trace/${HEX}`, `https://evil.example/trace/${HEX}`, HEX,
      `vscode://touchstone.touchstone/trace/${'a'.repeat(257)}`, 'vscode://touchstone.touchstone/trace/a%0ab', `vscode://touchstone.touchstone/trace/${HEX}?source=${'s'.repeat(300)}`, `vscode://touchstone.touchstone/trace/${HEX}?span=%E2%80%AEgnp`, `vscode://touchstone.touchstone/trace/${HEX}?s=***`, `vscode://touchstone.touchstone/trace/${HEX}?s=${base64UrlOf('a\u202eb')}`,
      `vscode://touchstone.touchstone/trace?u=${base64UrlOf('javascript:alert(1)')}`, `vscode://touchstone.touchstone/trace?u=${base64UrlOf(`https://example.com/${'a'.repeat(20_000)}`)}`,
    ]) expect(isEditorLink(text), text).toBe(false);
  });

  it('drops user names and passwords, and compares hosts in ASCII', () => {
    const link = recogniseLink(`https://cloud.langfuse.com:key@EXÄMPLE.com:443/trace/${HEX}`)!;
    expect(link.url).toBe(`https://xn--exmple-cua.com/trace/${HEX}`);
    expect(link.origin).toBe('https://xn--exmple-cua.com');
    expect(recogniseLink(`http://0x7f.1/trace/${HEX}`)!.origin).toBe('http://127.0.0.1');
    expect(recogniseLink(`https://еvil.wandb.ai.example/acme/p/weave/calls/${A}`)!.backend).toBe('unknown');
    expect(recogniseLink(`https://notwandb.ai/acme/p/weave/calls/${A}`)!.backend).toBe('unknown');
  });

  // Quadratic work on these takes minutes: the test would not end in time.
  it('reads hostile texts in a time that grows with their length', () => {
    for (const text of [`https://x/explore?panes=${'[['.repeat(8000)}`, `https://x/explore?panes=${encodeURIComponent('{"a":'.repeat(2000))}`, '/project/'.repeat(2000), `https://h${'/project/a/traces'.repeat(900)}`, '[('.repeat(8000), 'a:'.repeat(1e6)]) {
      expect(recogniseLink(text)?.traceId ?? null, text.slice(0, 40)).toBeOneOf([null, 'traces']);
    }
  });
});

describe('making links', () => {
  const ids = { traceId: HEX, spanId: null, project: null, tenant: null, callId: null };

  it('makes pages that are recognised again', () => {
    const cases = [
      [backend('langfuse', { project: 'p' }), { ...ids, spanId: 'o 1' }],
      [backend('langsmith', { url: 'https://api.smith.langchain.com' }), { ...ids, traceId: A, project: B, tenant: C, callId: A }],
      [backend('phoenix', { url: 'http://localhost:6006' }), ids],
      [backend('opik', { url: 'https://www.comet.com/opik/api', tenant: 'team', project: A }), { ...ids, traceId: B, spanId: C }],
      [backend('weave', { url: 'https://trace.wandb.ai', project: 'acme/p' }), { ...ids, callId: A }],
      [backend('jaeger', { url: 'http://localhost:16686/jaeger' }), { ...ids, spanId: SPAN }],
      [backend('tempo', { url: 'https://grafana.corp', datasource: 'uid' }), ids],
      [backend('datadog', { url: 'https://api.datadoghq.eu' }), ids],
      [backend('logfire', { url: 'https://logfire-us.pydantic.dev', project: 'acme/shop' }), ids],
    ] as const;
    for (const [source, of] of cases) {
      const link = recogniseLink(pageOf(source, of)!)!;
      expect(link.backend, source.type).toBe(source.type);
      expect(link.traceId ?? link.callId, source.type).toBe(source.type === 'weave' ? A : of.traceId);
      if (of.spanId !== null) expect(link.spanId, source.type).toBe(of.spanId);
    }
  });

  it('makes links of its own that are recognised again', () => {
    const page = `https://cloud.langfuse.com/project/p/traces/${HEX}?observation=ü&b=%20`;
    expect(recogniseLink(editorLinkTo(page))).toEqual(recogniseLink(page));
    // A query is decoded once more on its way through the editor, or not: pasted, on the command line.
    for (const source of ['prod', 'a b', 'R&D', 'a+b', '100%', '%26', 'C#', 'a=b?', 'x&span=0', '日本', "it's \"it\"", '🙂', 'e\u0301']) {
      const link = editorLinkOf({ traceId: HEX, spanId: SPAN, source });
      for (const text of [link, decodeURIComponent(link)]) {
        expect(isEditorLink(text), text).toBe(true);
        expect(recogniseLink(text), text).toMatchObject({ traceId: HEX, spanId: SPAN, source });
      }
    }
    expect(editorLinkOf({ traceId: HEX, source: 'my-prod.2' })).toBe(`vscode://touchstone.touchstone/trace/${HEX}?source=my-prod.2`);
    expect(textOfBase64Url('%%%')).toBeNull();
  });

  it('keeps a name from becoming Markdown', () => {
    expect(markdownLink('a](http://evil) *b*\n<x>', 'https://h/a(b)')).toBe(String.raw`[a\](http://evil) \*b\* \<x\>](https://h/a%28b%29)`);
  });
});
